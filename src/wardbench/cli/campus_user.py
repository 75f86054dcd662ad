"""`wardbench campus user`: people from the command line."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Annotated

import typer

from wardbench.campus import accounts
from wardbench.campus.people.roles import Lead, Role
from wardbench.campus.people.rules import Proof
from wardbench.cli.campus import HERE, Folder
from wardbench.cli.output import Json, print_json, print_table
from wardbench.core.errors import InputError

app = typer.Typer(no_args_is_help=True, help="People of a campus: the first administrator, roles, closed accounts.")

Email = Annotated[str, typer.Argument(help="The e-mail address that the person signs in with.")]
At = Annotated[str, typer.Option("--organisation", help="Where the role is held.")]
In = Annotated[str, typer.Option("--unit", help="The department or care programme of it.")]
FIRST = " The password ends in 72 hours; the person chooses another when they sign in."
PasswordFile = Annotated[Path | None, typer.Option(help="A file whose first line is the password.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="What the person is called.")],
    organisation: At,
    folder: Folder = HERE,
    role: Annotated[Role, typer.Option(help="What the person does there.")] = Role.ADMINISTRATOR,
    kind: Annotated[
        str, typer.Option(help="What a new organisation is: hospital, biomedical_group, institute or partner.")
    ] = "hospital",
    unit: In = "",
    language: Annotated[str, typer.Option(help="en, nl or fr.")] = "en",
    password_file: PasswordFile = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Signs in through an identity provider only.")
    ] = False,
) -> None:
    """Add somebody with a role; asks for the password where no file is named."""
    password = None if no_password else _password(password_file)
    accounts.add(
        folder,
        email,
        name,
        role=role,
        organisation=organisation,
        kind=kind,
        unit=unit,
        language=language,
        password=password,
    )
    print(f"{name} can sign in as {email}.{FIRST if password else ''}")


@app.command("list")
def list_(folder: Folder = HERE, json: Json = False) -> None:
    """Everybody, with the roles they hold today."""
    found = accounts.accounts(folder)
    if json:
        print_json(found)
        return
    rows = [[one.name, one.email, "; ".join(one.roles) or "none", "" if one.open else "closed"] for one in found]
    print_table(f"{len(found)} people", ["name", "e-mail", "roles", ""], rows)


@app.command()
def role(
    email: Email,
    role: Annotated[Role, typer.Argument(help="What the person does there.")],
    organisation: At,
    folder: Folder = HERE,
    unit: In = "",
    since: Annotated[str, typer.Option(help="From this day on, as 2026-01-31; today by default.")] = "",
    until: Annotated[str, typer.Option(help="Until and including this day.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End the role at once instead.")] = False,
) -> None:
    """Give somebody a role, or end one."""
    if end:
        accounts.end_role(folder, email, role, organisation)
        print("The role has ended.")
        return
    first, last = _day("--since", since), _day("--until", until)
    accounts.give_role(folder, email, role, organisation, unit=unit, since=first, until=last)
    print("The role is given.")


@app.command()
def head(
    email: Email,
    organisation: At,
    folder: Folder = HERE,
    unit: In = "",
    deputy: Annotated[bool, typer.Option("--deputy", help="As deputy.")] = False,
    release: Annotated[bool, typer.Option("--release", help="Let them be head or deputy no longer.")] = False,
) -> None:
    """Name the head of a department or care programme, or of an organisation: who is told of emergency access."""
    if release:
        accounts.lead(folder, email, organisation, unit=unit, lead=None)
        print("They are released.")
        return
    accounts.lead(folder, email, organisation, unit=unit, lead=Lead.DEPUTY if deputy else Lead.HEAD)
    print("They are named, and told so.")


@app.command()
def password(email: Email, folder: Folder = HERE, password_file: PasswordFile = None) -> None:
    """Give somebody another password, and sign them out everywhere."""
    accounts.set_password(folder, email, _password(password_file))
    print(f"The password is changed.{FIRST}")


@app.command("second-factor")
def second_factor(
    email: Email,
    proof: Annotated[Proof, typer.Option(help="How you made sure of who it is.")],
    seen: Annotated[str, typer.Option(help="What you saw, or whom you called; it stays on the record.")],
    folder: Folder = HERE,
) -> None:
    """Remove a second factor that was lost, and sign the person out everywhere."""
    password = accounts.remove_second_factor(folder, email, proof, seen)
    print("The second factor is removed.")
    if password:
        print(f"First password, shown this once, for 72 hours: {password}")


@app.command()
def words(folder: Folder = HERE, json: Json = False) -> None:
    """List the words of this campus that no password may hold."""
    found = accounts.words(folder)
    if json:
        print_json(found)
    else:
        print("\n".join(found))


@app.command()
def close(email: Email, folder: Folder = HERE) -> None:
    """Let somebody sign in no longer; what they did stays."""
    accounts.close(folder, email)
    print("The account is closed.")


@app.command()
def reopen(email: Email, folder: Folder = HERE) -> None:
    """Let somebody sign in again."""
    accounts.reopen(folder, email)
    print("The account is open again.")


def _password(path: Path | None) -> str:
    if path is not None:
        return accounts.read_password(path)
    if not sys.stdin.isatty():
        raise InputError("There is no terminal to ask for the password on; name a file with --password-file.")
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return given


def _day(option: str, text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{option}: {text} is not a day; write it as 2026-01-31.") from None
