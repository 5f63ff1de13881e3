"""Update HubSpot tickets in bulk from a spreadsheet, and say beside every row what became of it.

`plan` and `Portal` are the library, as README and docs/library.md show it; they are loaded when they are asked for,
so that `import-tickets --version` waits for nothing.
"""

__version__ = "0.2.0"
__all__ = ["Portal", "plan"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importer.jobs.library import Portal, plan
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importer.jobs import library

        return getattr(library, name)

    def __dir__() -> list[str]:
        return [*__all__, "__all__", "__doc__", "__file__", "__name__", "__path__", "__version__"]


del TYPE_CHECKING
