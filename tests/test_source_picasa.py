"""Picasa's ini files: who is named in which photo."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.base import walk_all
from untag.sources.readers.picasa import READER
from untag.types import Origin, PhotoRef

ANA, BEA = "8e62b2035b74b477", "1b2c3d4e5f607182"
RECT = "rect64(3f845bcb59418507)"
CONTACTS = f"[Contacts2]\n{ANA}=Ana Doe;ana@example.com;\n{BEA}=Bea Roe;;\n"


@pytest.mark.parametrize(
    ("files", "people"),
    [
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA};{RECT},{BEA}\n{CONTACTS}"}, ("Ana Doe", "Bea Roe")),
        ({"Picasa.ini": f"[a.jpg]\r\nfaces={RECT},{ANA}\r\n{CONTACTS}"}, ("Ana Doe",)),
        ({".picasa.ini": f"\ufeff{CONTACTS}[A.JPG]\nbackuphash=1\nfaces={RECT},{ANA};\n"}, ("Ana Doe",)),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA.upper()}\n[Contacts]\n{ANA}=Ana\n"}, ("Ana",)),
        # An id is a number, and Picasa leaves its leading zeros out.
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},b74b477\n[Contacts2]\n000000000b74b477=Ana;;\n"}, ("Ana",)),
        ({".picasa.ini": f"[a.jpg]\nfaces=rect64(5bcb59418507),{ANA}\n{CONTACTS}"}, ("Ana Doe",)),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA};{RECT},{ANA}\n{CONTACTS}"}, ("Ana Doe",)),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA}\n[Contacts2]\n{ANA}=Zo\u00eb;;\n".encode("cp1252")}, ("Zoë",)),
        # Names may be only in the program's own folder; whoever copies the file from there gets them.
        (
            {
                ".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA}\n",
                "contacts.xml": f'<contacts><contact id="{ANA}" name="Ana Doe" local_contact="1"/></contacts>',
            },
            ("Ana Doe",),
        ),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA}\n"}, ()),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},ffffffffffffffff\n[Contacts2]\nffffffffffffffff=X;;\n"}, ()),
        ({".picasa.ini": f"[b.jpg]\nfaces={RECT},{ANA}\n{CONTACTS}"}, ()),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA}0\n{CONTACTS}"}, ()),
        ({".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA}\n[Contacts2]\n{ANA}=;;\n"}, ()),
    ],
)
def test_people_in_a_photo(files: dict[str, Any], people: tuple[str, ...]) -> None:
    archive = MadeUpFiles({"a.jpg": "photo", **files})
    assert READER.sniff(archive)
    description = READER.describe(archive)
    assert description.origins == ({"a.jpg": Origin(people=people)} if people else {})
    assert description.understood == frozenset(files)
    assert description.errors == ()


def test_a_folder_without_an_ini_is_not_picasas() -> None:
    assert not READER.sniff(MadeUpFiles({"a.jpg": "", "contacts.xml": "<contacts/>"}))


@pytest.mark.parametrize("bad", ["<contacts>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_damaged_list_of_contacts_is_an_error_and_the_rest_is_read(bad: str) -> None:
    files = MadeUpFiles({"a.jpg": "", ".picasa.ini": f"[a.jpg]\nfaces={RECT},{ANA}\n{CONTACTS}", "contacts.xml": bad})
    description = READER.describe(files)
    assert description.origins["a.jpg"].people == ("Ana Doe",)
    assert [(error.path, error.error) for error in description.errors] == [
        ("archive/contacts.xml", "it is not valid XML")
    ]


def test_the_hidden_file_is_found_in_a_folder(tmp_path: Any) -> None:
    (tmp_path / "a.jpg").write_bytes(b"photo")
    (tmp_path / ".picasa.ini").write_text(f"[a.jpg]\nfaces={RECT},{ANA}\n{CONTACTS}")
    (tmp_path / ".hidden.jpg").write_bytes(b"photo")
    (listing,) = walk_all([tmp_path], readers=[READER])
    (ref,) = listing.entries
    assert isinstance(ref, PhotoRef)
    assert (ref.source, ref.origin.people) == ("picasa", ("Ana Doe",))


INI = st.lists(
    st.sampled_from(
        ["[a.jpg]", "[Contacts2]", "[", "]", "\n", "\r", "=", ";", "faces=", RECT, "rect64(", ",", ANA, "\0", "\x85"]
    )
).map("".join)


@given(st.binary(max_size=200) | INI.map(str.encode), st.binary(max_size=100))
def test_whatever_the_files_hold_nothing_is_raised(ini: bytes, contacts: bytes) -> None:
    READER.describe(MadeUpFiles({"a.jpg": "", ".picasa.ini": ini, "contacts.xml": contacts}))
