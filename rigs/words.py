"""What people write and choose on a car, made up for one run: each value ends in letters that no other run has.

So "reading-lamp-kxqmtrz" is found wherever it goes, while nobody's lamp is called that. They are long and keep to
characters that no encoding escapes, so that encoded text gives itself away and the search needs few patterns for each.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

STEMS: Mapping[str, str] = {
    # people
    "assistant_name": "assistant-beacon",
    "account_role": "role-co-driver",
    "contact_name": "contact-aunt",
    "call_log": "missed-call-1240",
    "anniversary": "anniversary-of",
    "identity_proof": "proof-of-identity",
    "watch_type": "watch-series-3",
    "co_user_account": "account-of-co-user",
    "cookie_id": "cookie-of-browser",
    # what they have set, typed and used
    "driver_setting": "seat-and-mirrors",
    "profile_time": "profile-changed-at",
    "task_name": "coming-home-mode",
    "automation": "rain-shuts-windows",
    "typed_place": "grandmothers-house",
    "favourite_place": "favourite-tea-house",
    "work_address": "office-tower",
    "power_time": "on-0731-off-1912",
    "commute": "commute-0740-for",
    "feedback_text": "the-radio-stutters",
    "feedback_module": "radio-module",
    "installed_apps": "apps-radio-tea",
    "app_record": "opened-radio-by",
    "listening_record": "heard-until-2107",
    "playlist": "night-drive-list",
    "music_search": "songs-of-the-sea",
    "current_song": "the-lighthouse",
    "music_login": "music-member",
    "consent_record": "agreed-to-all-of",
    "quiz_status": "quiz-passed-9-of-10",
    # places
    "parking_text": "basement-2-red-pillar",
    "fence_state": "entered-fence",
    # the track
    "track_address": "hill-road-gate-2",
    "track_name": "ring-of-hills",
    "lap_record": "lap-1.42.318",
    # devices in the car and at home
    "device_name": "reading-lamp",
    "device_model": "lamp.read.v2",
    "device_state": "lamp-on-warm-white",
    "device_setting": "dims-at-22-30",
    "running_process": "process-fade-out",
    "device_auth": "device-token",
    "hotspot_ssid": "car-hotspot",
    "sharing_state": "shared-with-one",
    "card_state": "card-64-gb-ok",
    "stream_setting": "720p-muted-hdr",
    # the vehicle
    "vehicle_model": "model-su7-max",
    "vehicle_state": "doors-shut-idle",
    "charging_record": "charged-62-to-80",
    "navigation_data": "route-via-ring-road",
    "hardware_version": "hardware-a3",
    "update_choice": "update-tonight",
    "hud_data": "arrow-left-200-m",
    "sentry_summary": "someone-came-near",
    "notification": "danger-near-your-car",
}
"""Item of the kind ``words`` to what its values begin with."""

_LETTERS = "bcdfghjkmnpqrstvwxz"  # no vowels: no word by chance


def words(draw: random.Random) -> dict[str, str]:
    """A value of each item."""
    return {item: f"{stem}-{''.join(draw.choices(_LETTERS, k=7))}" for item, stem in STEMS.items()}
