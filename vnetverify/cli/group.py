"""The table of sub-commands, each imported when it is called and not before."""

from __future__ import annotations

import difflib
from importlib import import_module

import click

# The short help stands here so that `--help` and completion load no command.
COMMANDS = {
    "prove": "Prove or refute the intents of a text.",
    "certify": "Write a certificate of each proof.",
    "verify-certificate": "Judge certificates without a solver.",
    "check": "Check a text for errors, without proving anything.",
    "lint": "Find what Azure accepts but hardly anybody means.",
    "matrix": "Show what arrives between all pairs of subnets.",
    "trace": "Follow one flow, hop by hop, there and back.",
    "routes": "Show the effective routes of a subnet, losers included.",
    "rules": "Show the effective security rules of an interface.",
    "diff": "Compare the security groups of two versions, with proof.",
    "show": "Show which prefixes a service tag holds at a subnet.",
    "assumptions": "List the open facts that verdicts depend on.",
    "resolve": "Show which addresses an expression stands for.",
    "conform": "Compare both engines with test vectors and recordings.",
    "fuzz": "Compare both engines on your own network.",
    "selftest": "Attack this installation: lying solvers, forged proofs.",
    "coverage-of": "List what is modelled in Azure's files, and what is not.",
    "snapshot": "Read the networks of subscriptions from Azure.",
    "import": "Write the network in Azure's files as a text.",
    "fmt": "Rewrite a text in the canonical layout.",
    "schema": "Print the JSON Schema of an output.",
}

_MODULES = {"import": "importing"}  # of commands that are called as no module can be


class Guessing(click.Group):
    """A group that says of a command that it lacks which one was meant, or which there are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0][:40], names, n=1)
            there_is = f"; there is `{names[0]}`" if len(names) == 1 else ""
            ctx.fail(f"no command {args[0][:40]!r}{f'; did you mean `{close[0]}`?' if close else there_is}")
        return super().resolve_command(ctx, args)


class LazyGroup(Guessing):
    """A group whose commands live in modules of their own name, as far as that can be one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = _MODULES.get(cmd_name, cmd_name.replace("-", "_"))
        command = import_module(f"vnetverify.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)
