#!/usr/bin/env python3
"""Writes stoker.1 from the program's own help, so that the two never disagree.

usage: manpage.py PROGRAM > docs/stoker.1
       manpage.py PROGRAM --check docs/stoker.1    # exit 1 and a diff when the page is stale

Standard library only. The help comes as JSON from ArgumentParser's --experimental-dump-help (swift-argument-parser 1.8);
the page is in man(7) macros, which groff and mandoc both read.
"""

import argparse
import difflib
import json
import subprocess
import sys

FILES = [
    ("./stoker.yaml, /etc/stoker/stoker.yaml", "The config file, where neither --config nor $STOKER_CONFIG names one."),
    ("STATE_DIR/log/NAME.log", "What a process wrote; its older part is NAME.log.1."),
    ("STATE_DIR/events.sqlite", "What has happened, for stoker events."),
    ("STATE_DIR/continuity.sqlite", "Failovers and drills, for stoker drill report."),
    ("RUNTIME_DIR/control.sock", "Where the daemon takes orders."),
]
ENVIRONMENT = [
    ("STOKER_CONFIG", "The config file."),
    ("STOKER_SOCKET", "The daemon's control socket."),
    ("NO_COLOR", "Not empty: no colours, on a terminal either."),
]
EXIT_STATUS = [
    ("0", "Fine."),
    ("1", "The answer is bad news: not healthy, not done."),
    ("2", "The command line or the config is wrong, or no daemon answers."),
    ("3, 4, 99, 130", "Of stoker load: the measurement is invalid, aborted, a threshold was missed, interrupted."),
]


def escaped(text):
    """Text as roff takes it literally; a leading dot or quote would be a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def paragraphs(text):
    """A discussion: headings in capitals become subsections, indented lines keep their shape, the rest is filled."""
    lines, literal = [], False
    for line in text.splitlines():
        is_literal = line.startswith("  ")
        if is_literal != literal:
            lines.append(".EX" if is_literal else ".EE")
            literal = is_literal
        if is_literal:
            lines.append(escaped(line[2:]))
        elif not line.strip():
            lines.append(".PP")
        elif line.isupper():
            lines.append(f".I {escaped(line.capitalize())}")
            lines.append(".br")
        else:
            lines.append(escaped(line))
    return lines + ([".EE"] if literal else [])


def spelling(name):
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def option(argument):
    """The tag of an argument in a list: its names, bold, and the name of its value, italic."""
    value = f"\\fI{escaped(argument.get('valueName', ''))}\\fR"
    if argument["kind"] == "positional":
        return value
    names = sorted(argument["names"], key=lambda name: len(name["name"]))
    tag = ", ".join(f"\\fB{escaped(spelling(name))}\\fR" for name in names)
    return f"{tag} {value}" if argument["kind"] == "option" else tag


def synopsis(path, command):
    parts = [f"\\fB{escaped(' '.join(path))}\\fR"]
    for argument in shown(command):
        if argument["kind"] == "positional":
            text = option(argument) + ("..." if argument["isRepeating"] else "")
        else:
            names = [name for name in argument["names"] if name["kind"] == "long"] or argument["names"]
            text = option(dict(argument, names=names[:1]))
        parts.append(f"[{text}]" if argument["isOptional"] else text)
    return [".PP", ".nh", ".ad l", " ".join(parts), ".ad", ".hy"]


def shown(command):
    """Arguments worth a line; help is said once for all."""
    hidden = {"help", "version"}
    return [
        argument
        for argument in command.get("arguments", [])
        if argument.get("shouldDisplay", True) and argument.get("preferredName", {}).get("name") not in hidden
    ]


def section(path, command):
    lines = [f".SS {escaped(' '.join(path))}", escaped(command.get("abstract", ""))]
    lines += synopsis(path, command)
    for argument in shown(command):
        lines += [".TP", option(argument)]
        lines.append(escaped(" ".join(filter(None, [argument.get("abstract"), argument.get("discussion")]))))
        if "defaultValue" in argument:
            lines[-1] += escaped(f" Default: {argument['defaultValue']}.")
    if command.get("discussion"):
        lines += [".PP"] + paragraphs(command["discussion"])
    return lines


def sections(path, command):
    """A command and those below it."""
    below = [sub for sub in command.get("subcommands", []) if sub["commandName"] != "help"]
    lines = section(path, command)
    for sub in below:
        lines += sections([*path, sub["commandName"]], sub)
    return lines


def tagged(title, rows):
    lines = [f".SH {title}"]
    for tag, text in rows:
        lines += [".TP", f"\\fB{escaped(tag)}\\fR", escaped(text)]
    return lines


def page(root):
    name = root["commandName"]
    commands = [
        command
        for command in root.get("subcommands", [])
        if command.get("shouldDisplay", True) and command["commandName"] != "help"
    ]
    lines = [
        '.\\" Written by scripts/manpage.py from the help of the program; `make man` writes it anew.',
        f".TH {name.upper()} 1",
        ".SH NAME",
        f"{name} \\- {escaped(root['abstract'].rstrip('.'))}",
        ".SH SYNOPSIS",
        f"\\fB{name}\\fR \\fIcommand\\fR [\\fIoption\\fR...]",
        ".SH DESCRIPTION",
        *paragraphs(root.get("discussion", "")),
        ".SH COMMANDS",
        "Each command also takes \\fB\\-h\\fR, \\fB\\-\\-help\\fR.",
    ]
    for command in sorted(commands, key=lambda command: command["commandName"]):
        lines += sections([name, command["commandName"]], command)
    lines += tagged("FILES", FILES) + tagged("ENVIRONMENT", ENVIRONMENT) + tagged("EXIT STATUS", EXIT_STATUS)
    return "\n".join(line for line in lines if line) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the stoker binary")
    parser.add_argument("--check", metavar="PAGE", help="compare with this page instead of printing")
    arguments = parser.parse_args()
    dump = subprocess.run([arguments.program, "--experimental-dump-help"], check=True, capture_output=True, timeout=60)
    text = page(json.loads(dump.stdout)["command"])
    if not arguments.check:
        sys.stdout.write(text)
        return 0
    with open(arguments.check, encoding="utf-8") as file:
        current = file.read()
    if current == text:
        return 0
    diff = difflib.unified_diff(
        current.splitlines(), text.splitlines(), arguments.check, "what the help says now", lineterm="", n=1)
    print("\n".join(diff), file=sys.stderr)
    print("The page is stale; try: make man", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
