"""Packs the library that lies in the interpreter's own module into /out/lib.tar."""

import io
import tarfile
import zipfile

with (
    zipfile.ZipFile("/usr/local/lib/python312.zip") as library,
    tarfile.open("/out/lib.tar", "w") as tar,
):
    for name in sorted(library.namelist()):
        if not name.endswith("/"):
            contents = library.read(name)
            member = tarfile.TarInfo("python3.12/" + name)
            member.size = len(contents)
            tar.addfile(member, io.BytesIO(contents))
