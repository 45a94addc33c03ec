"""Where each export lies, with the names that sites and tools give. The people and all numbers are made up.

Ids of Facebook count from 1000000000001; codes of Instagram begin with `example-`, which stands for a number above all
that its codes can.
"""

from __future__ import annotations

ME, FRIEND, OTHER_FRIEND, THIRD_FRIEND = "Ana Doe", "Bea Moor", "Carl Venn", "Dora Quist"
HANDLES = {ME: "ana.doe", FRIEND: "bea.moor", OTHER_FRIEND: "carl.venn"}

FACEBOOK = "archive/facebook-ana-2025-01-04"
FB_POSTS = f"{FACEBOOK}/your_facebook_activity/posts"
MOBILE, WEEKEND, TIMELINE = (
    f"{FB_POSTS}/media/Mobileuploads_1000000000200",
    f"{FB_POSTS}/media/Weekendinthehills_1000000000300",
    f"{FB_POSTS}/media/Timelinephotos_1000000000400",
)
FB_CHAT = f"{FACEBOOK}/your_facebook_activity/messages/inbox/beamoor_1000000000500"
FACEBOOK_OLD = "archive/facebook-ana-2019-06-30"
FRIDAY = f"{FACEBOOK_OLD}/photos_and_videos/Friday_b7QxP2mLkA"

TAKEOUT_OLD = "archive/takeout-20240103T090000Z-001/Takeout/Google Photos"
TAKEOUT = "archive/takeout-20250104T120000Z-001/Takeout/Google Photos"
TAKEOUT_ZIP = "archive/takeout-20250104T120000Z-002.zip"
IN_ZIP = "Takeout/Google Photos/Photos from 2024"
Y2023, CHRISTMAS, Y2024 = (
    f"{TAKEOUT_OLD}/Photos from 2023",
    f"{TAKEOUT_OLD}/Christmas 2023",
    f"{TAKEOUT}/Photos from 2024",
)
ZIPPED = f"{TAKEOUT_ZIP}/{IN_ZIP}"

INSTAGRAM = "archive/instagram-ana-2025-01-05"

ALBUM_SET, TAGGED_SET, MY_NUMBER = "a.1000000000600", "t.1000000000009", "1000000000009"
GALLERY = f"archive/gallery-dl/facebook/{FRIEND}/Birthday at the Otter ({ALBUM_SET})"
GALLERY_TAGGED = f"archive/gallery-dl/facebook/{ME}/Photos of Ana ({TAGGED_SET})"
GALLERY_INSTAGRAM = f"archive/gallery-dl/instagram/{HANDLES[OTHER_FRIEND]}"
LOADER = f"archive/instaloader/{HANDLES[FRIEND]}"

PHONE = "archive/Phone backup/DCIM/Camera"
