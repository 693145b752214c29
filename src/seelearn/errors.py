"""The one kind of error that is the user's to mend."""


class UserError(Exception):
    """Something the user gave cannot be used.

    The message is one line that names what was given, what is allowed and what to type instead. The command line
    prints it and exits with 2; the site answers 400 or 404 with it.
    """


class LessonError(UserError):
    """A lesson is not written as a lesson must be: the message names the file and what its author has to mend."""


class NotFoundError(UserError):
    """What the user named does not exist: the site answers 404 with the message."""
