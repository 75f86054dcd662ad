"""Addresses of places: containers, box maps, moves, equipment."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.biobank import storage_views as views

urlpatterns = [
    path("", views.all_places, name="places"),
    path("look-up/", views.look_up, name="place_look_up"),
    path("undo/", views.undo, name="place_undo"),
    path("excursions/<uuid:excursion_id>/", views.excursion, name="excursion"),
    path("<uuid:container_id>/", views.place, name="place"),
    path("<uuid:container_id>/add/", views.add_inside, name="place_add"),
    path("<uuid:container_id>/change/", views.change_place, name="place_change"),
    path("<uuid:container_id>/move/", views.move_place, name="place_move"),
    path("<uuid:container_id>/close/", views.close_place, name="place_close"),
    path("<uuid:container_id>/fill/", views.fill, name="place_fill"),
    path("<uuid:container_id>/check/", views.check, name="place_check"),
    path("<uuid:container_id>/machine/", views.machine, name="place_machine"),
]
