"""What people are told: a line and a link, in the application and, where mail is set up, by mail. Above `people`."""
