"""What untag found, as keywords in an XMP sidecar, for the programs in which people keep their photos."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from untag.findings.counting import Group
from untag.types import Status

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:subject>
    <rdf:Bag>
{keywords}
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def keywords_of(group: Group) -> list[str]:
    """What a photo is called in programs: that untag found it, its categories, its risk in tens, what was decided."""
    finding = group.finding
    words = ["untag", *(f"untag:{name}" for name in finding.categories), f"untag:risk {finding.risk // 10 * 10}+"]
    return words if finding.status is Status.OPEN else [*words, f"untag:{finding.status}"]


def xmp_keywords(group: Group) -> bytes:
    """An XMP sidecar with the keywords (dc:subject)."""
    items = "\n".join(f"     <rdf:li>{escape(_NO_XML.sub('_', word))}</rdf:li>" for word in keywords_of(group))
    return _PACKET.format(keywords=items).encode("utf-8")
