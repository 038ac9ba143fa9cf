# What every Python script may call. Runs before the script, in one process
# with it, from memory. Standard library only.
import base64 as _base64
import os as _os
import runpy as _runpy
import shlex as _shlex
import struct as _struct
import subprocess as _subprocess
import sys as _sys


def encode(value):
    return _base64.b64encode(str(value).encode("utf-8", "surrogateescape")).decode("ascii")


def decode(value):
    return _base64.b64decode(value).decode("utf-8", "surrogateescape")


def decrypt(encrypted, iv):
    """Deciphers AES-256-CBC under the key in hex that ends the arguments."""
    done = _subprocess.run(
        ["openssl", "enc", "-d", "-aes-256-cbc", "-nosalt", "-K", _sys.argv[-1], "-iv", iv],
        input=_base64.b64decode(encrypted), stdout=_subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8")


def _say(text):
    _sys.stdout.write(text + "\n")
    _sys.stdout.flush()


def _tell(level, message):
    _say("##octopus[stdout-%s]\n%s\n##octopus[stdout-default]" % (level, message))


def get_octopusvariable(key):
    return octopusvariables.get(key, "")


def set_octopusvariable(name, value, sensitive=False):
    octopusvariables[name] = value
    tail = " sensitive='%s'" % encode("True") if sensitive else ""
    _say("##octopus[setVariable name='%s' value='%s'%s]" % (encode(name), encode(value), tail))


def createartifact(path, fileName=None):
    if fileName is None:
        fileName = _os.path.basename(path)
    length = _os.stat(path).st_size if _os.path.isfile(path) else 0
    path = _os.path.abspath(path)
    _tell("verbose", "Artifact %s will be collected from %s after this step completes" % (fileName, path))
    _say("##octopus[createArtifact path='%s' name='%s' length='%s']" % (encode(path), encode(fileName), encode(length)))


def updateprogress(progress, message=None):
    _say("##octopus[progress percentage='%s' message='%s']" % (encode(progress), encode(message or "")))


def failstep(message=None):
    if message is not None:
        _say("##octopus[resultMessage message='%s']" % encode(message))
    _sys.exit(-1)


def printverbose(message):
    _tell("verbose", message)


def printhighlight(message):
    _tell("highlight", message)


def printwait(message):
    _tell("wait", message)


def printwarning(message):
    _tell("warning", message)


def _read(data):
    at = 0

    def text():
        nonlocal at
        (n,) = _struct.unpack_from(">I", data, at)
        at += 4 + n
        return data[at - n:at].decode("utf-8", "surrogateescape")

    script, folder, parameters = text(), text(), text()
    variables = {}
    while at < len(data):
        name = text()
        variables[name] = text()
    return script, folder, parameters, variables


def _main():
    with open(_tako_data, "rb") as f:
        script, folder, parameters, variables = _read(f.read())
    octopusvariables.update(variables)
    _sys.argv[:] = [script] + _shlex.split(parameters)
    _sys.path[0:1] = [folder, _os.path.dirname(script)]
    names = {k: v for k, v in globals().items() if not k.startswith("_")}
    _runpy.run_path(script, names, "__main__")


octopusvariables = {}
