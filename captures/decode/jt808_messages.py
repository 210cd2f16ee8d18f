"""What the messages of JT/T 808 hold: a row for each message, in the language of `captures.decode.layout`.

Sources: JT/T 808-2013 and 808-2019, section 8, and their tables; JT/T 1078-2016 for video (0x1003 to 0x1206, 0x91xx to
0x93xx); T/JSATL12-2017 for driver assistance (items 0x64 to 0x67, files of alarms: 0x1210 to 0x1212, 0x9208, 0x9212).
``new`` and the second of two lengths are those of the 2019 edition.
"""

from __future__ import annotations

from typing import NamedTuple

from captures.decode.layout import Item


class Kind(NamedTuple):
    """A message."""

    name: str
    """For endpoint rows and summaries."""
    layout: str = ""


_LOCATION = "warn_bit:u32 status_bit:u32 position altitude:u16 speed:u16/10 direction:u16 device_time:time"
"""Table 23 of the 2013 edition: alarms, status, place, m, km/h, degrees, time in UTC+8."""
_REPORT = f"{_LOCATION} {{extra}}"
_SIGN = "device_id:s7|30 date_time:time sequence_no:u8 file_total:u8 old(reserved:u8) new(reserved:u16)"
"""T/JSATL12-2017, table 4-16: the mark of an alarm."""
_TRACE = f"altitude:u16 position alarm_time:time status_bit:u16 {_SIGN}"
_SPAN = "start_time:time end_time:time"
_FENCE = f"?attribute&1({_SPAN}) ?attribute&2(max_speed:u16 duration:u8 new(night_max_speed:u16)) new(name:t2)"
_MEDIA = "type:u8 channel_id:u8 event:u8"
_FILES = "*u8(name:t1 size:u32)"
_LONG = "device_id:s30 {0}date_time:time sequence_no:u8 file_total:u8 {1}platform_alarm_id:s32 type:u8 " + _FILES

MESSAGES: dict[int, Kind] = {
    0x0001: Kind("terminal answer", "response_serial_no:u16 response_message_id:u16 result_code:u8"),
    0x0002: Kind("heartbeat"),
    0x0003: Kind("logout"),
    0x0004: Kind("time query"),
    0x0100: Kind(
        "register",
        "province_id:u16 city_id:u16 maker_id:s5|11 device_model:s20|30 device_id:s7|30 plate_color:u8"
        " ?plate_color=0(vin:s) ?plate_color!0(licence_plate:s)"
        # the edition of 2011
        " // province_id:u16 city_id:u16 maker_id:s5 device_model:s8 device_id:s7 plate_color:u8 licence_plate:s",
    ),
    0x0102: Kind("authenticate", "new(token:t1 imei:s15 software_version:s20) // token:s"),
    0x0104: Kind(
        "parameters", "response_serial_no:u16 *u8({parameter}) // response_serial_no:u16 count:u8 {parameter}"
    ),
    0x0107: Kind(
        "properties",
        "device_type:u16 maker_id:s5 device_model:s20|30 device_id:s7|30 iccid:bcd10"
        " hardware_version:t1 software_version:t1 gnss_attribute:u8 network_attribute:u8",
    ),
    0x0108: Kind("upgrade result", "type:u8 result:u8"),
    0x0200: Kind("location", _REPORT),
    0x0201: Kind("location answer", f"response_serial_no:u16 {_REPORT}"),
    0x0301: Kind("event", "event_id:u8"),
    0x0302: Kind("answer to a question", "response_serial_no:u16 answer_id:u8"),
    0x0303: Kind("information on demand", "type:u8 action:u8"),
    0x0500: Kind("vehicle control answer", f"response_serial_no:u16 {_REPORT}"),
    0x0700: Kind("recorder data", "response_serial_no:u16 command:u8 data:x"),
    0x0701: Kind("waybill", "[u32](content:s)"),
    0x0702: Kind(
        "driver",
        "status:u8 date_time:bcd6 card_status:u8 person_name:t1 license_no:s20 institution:t1"
        " license_valid_period:bcd4 new(id_card_number:s20) // status:u8 date_time:bcd6",
    ),
    0x0704: Kind("location batch", f"total:*u16() type:u8 *([u16]({_REPORT}))"),
    0x0705: Kind("CAN data", "total:*u16() date_time:bcd5 *(id:u32 data:x8)"),
    0x0800: Kind("media event", "id:u32 type:u8 format:u8 event:u8 channel_id:u8"),
    0x0801: Kind("media", f"id:u32 type:u8 format:u8 event:u8 channel_id:u8 {_LOCATION} packet:x"),
    0x0802: Kind("media found", f"response_serial_no:u16 *u16(id:u32 {_MEDIA} {_LOCATION})"),
    0x0805: Kind("camera answer", "response_serial_no:u16 result:u8 *u16(id:u32) // response_serial_no:u16 result:u8"),
    0x0900: Kind(
        "passthrough",
        "key:u8 ?key=248(*u8(id:u8 [u8](company_name:t1 product_model:t1 hardware_version:t1 firmware_version:t1"
        " device_id:t1 user_code:t1))) ?key!248(data:x) // key:u8 data:x",
    ),
    0x0901: Kind("compressed", "[u32](body:x)"),
    0x0A00: Kind("RSA key", "e:u32 n:x128"),
    0x1003: Kind(
        "video properties",
        "audio_format:u8 audio_channels:u8 audio_sampling_rate:u8 audio_bit_depth:u8 audio_frame_length:u16"
        " audio_support:u8 video_format:u8 max_audio_channels:u8 max_video_channels:u8",
    ),
    0x1005: Kind("passengers", f"{_SPAN} get_on_count:u16 get_off_count:u16"),
    0x1205: Kind(
        "recordings",
        f"response_serial_no:u16 *u32(channel_no:u8 {_SPAN} warn_bit:u64 media_type:u8 stream_type:u8 storage_type:u8"
        " size:u32)",
    ),
    0x1206: Kind("upload done", "response_serial_no:u16 result:u8"),
    0x1210: Kind(
        "alarm files",
        f"device_id:s7|30 {_SIGN} platform_alarm_id:s32 type:u8 {_FILES}"
        # what vendors make of it: the longer names under the older header, with and without the name in the mark
        f" // {_LONG.format('device_id:s30 ', 'reserved:u16 ')} // {_LONG.format('', '')}",
    ),
    0x1211: Kind("file", "name:t1 type:u8 size:u32"),
    0x1212: Kind("file done", "name:t1 type:u8 size:u32"),
    0x8001: Kind("platform answer", "response_serial_no:u16 response_message_id:u16 result_code:u8"),
    0x8003: Kind("resend", "response_serial_no:u16 *u8(id:u16) // response_serial_no:u16 *u16(id:u16)"),
    0x8004: Kind("time answer", "date_time:time"),
    0x8100: Kind("register answer", "response_serial_no:u16 result_code:u8 token:s"),
    0x8103: Kind("set parameters", "*u8({parameter}) // count:u8 {parameter}"),
    0x8104: Kind("query parameters"),
    0x8105: Kind("terminal control", "command:u8 parameter:s"),
    0x8106: Kind("query some parameters", "*u8(id:u32)"),
    0x8107: Kind("query properties"),
    0x8108: Kind(
        "upgrade", "type:u8 maker_id:s5|11 version:t1 [u32](packet:x) // type:u8 maker_id:s5 version:t1 [u32](packet:x)"
    ),
    0x8201: Kind("query location"),
    0x8202: Kind("track", "interval:u16 validity_period:u32"),
    0x8203: Kind("confirm alarm", "response_serial_no:u16 type:u32"),
    0x8300: Kind("text", "sign:u8 new(type:u8) content:s"),
    0x8301: Kind("set events", "type:u8 *u8(id:u8 content:t1)"),
    0x8302: Kind("question", "sign:u8 content:t1 *(id:u8 content:t2)"),
    0x8303: Kind("set information", "type:u8 *u8(type:u8 name:t2)"),
    0x8304: Kind("information", "type:u8 content:t2"),
    0x8400: Kind("call back", "type:u8 phone:s"),
    0x8401: Kind("phone book", "type:u8 *u8(sign:u8 phone:t1 name:t1)"),
    0x8500: Kind("vehicle control", "new(type:u16 param:u8) // type:u8"),
    0x8600: Kind("set circles", f"action:u8 *u8(id:u32 attribute:u16 centre radius:u32 {_FENCE})"),
    0x8601: Kind("delete circles", "*u8(id:u32)"),
    0x8602: Kind("set rectangles", f"action:u8 *u8(id:u32 attribute:u16 corner corner {_FENCE})"),
    0x8603: Kind("delete rectangles", "*u8(id:u32)"),
    0x8604: Kind(
        "set polygon",
        f"id:u32 attribute:u16 ?attribute&1({_SPAN}) ?attribute&2(max_speed:u16 duration:u8) *u16(corner)"
        " new(?attribute&2(night_max_speed:u16) name:t2)",
    ),
    0x8605: Kind("delete polygons", "*u8(id:u32)"),
    0x8606: Kind(
        "set route",
        f"id:u32 attribute:u16 ?attribute&1({_SPAN}) *u16(id:u32 route_id:u32 corner width:u8 attribute:u8"
        " ?attribute&1(upper_limit:u16 lower_limit:u16)"
        " ?attribute&2(max_speed:u16 duration:u8 new(night_max_speed:u16))) new(name:t2)",
    ),
    0x8607: Kind("delete routes", "*u8(id:u32)"),
    0x8608: Kind("query areas", "type:u8 *u32(id:u32)"),
    0x8800: Kind("media answer", "media_id:u32 *u8(id:u16) // media_id:u32"),
    0x8801: Kind(
        "take pictures",
        "channel_id:u8 command:u16 time:u16 save:u8 resolution:u8 quality:u8 brightness:u8 contrast:u8 saturation:u8"
        " chroma:u8",
    ),
    0x8802: Kind("find media", f"{_MEDIA} {_SPAN}"),
    0x8803: Kind("ask for media", f"{_MEDIA} {_SPAN} delete:u8"),
    0x8804: Kind("record sound", "command:u8 time:u16 save:u8 audio_sampling_rate:u8"),
    0x8805: Kind("ask for one medium", "id:u32 delete:u8"),
    0x8900: Kind("passthrough", "key:u8 data:x"),
    0x8A00: Kind("RSA key", "e:u32 n:x128"),
    0x9003: Kind("query video properties"),
    0x9101: Kind("live video", "ip:t1 tcp_port:u16 udp_port:u16 channel_no:u8 media_type:u8 stream_type:u8"),
    0x9102: Kind("live control", "channel_no:u8 command:u8 close_type:u8 stream_type:u8"),
    0x9105: Kind("live state", "channel_no:u8 packet_loss_rate:u8"),
    0x9201: Kind(
        "play back",
        "ip:t1 tcp_port:u16 udp_port:u16 channel_no:u8 media_type:u8 stream_type:u8 storage_type:u8 playback_mode:u8"
        f" playback_speed:u8 {_SPAN}",
    ),
    0x9202: Kind("playback control", "channel_no:u8 playback_mode:u8 playback_speed:u8 playback_time:time"),
    0x9205: Kind(
        "find recordings",
        f"channel_no:u8 {_SPAN} warn_bit1:u32 warn_bit2:u32 media_type:u8 stream_type:u8 storage_type:u8",
    ),
    0x9206: Kind(
        "upload by FTP",
        f"ip:t1 port:u16 username:t1 password:t1 path:t1 channel_no:u8 {_SPAN} warn_bit1:u32 warn_bit2:u32"
        " media_type:u8 stream_type:u8 storage_type:u8 condition:u8",
    ),
    0x9207: Kind("upload control", "response_serial_no:u16 command:u8"),
    0x9208: Kind(
        "ask for alarm files",
        f"ip:t1 tcp_port:u16 udp_port:u16 {_SIGN} platform_alarm_id:s32 reserves:x16"
        f" // ip:t1 tcp_port:u16 udp_port:u16 {_SIGN} platform_alarm_id:s32",
    ),
    0x9212: Kind("file answer", "name:t1 type:u8 result:u8 total:*u8(offset:u32 length:u32)"),
    0x9301: Kind("camera turn", "channel_no:u8 param1:u8 param2:u8"),
    **{0x9302 + step: Kind("camera control", "channel_no:u8 param:u8") for step in range(5)},
}
"""By message identifier; 0x8000 and above come from the platform."""


def _video(name: str) -> str:
    """JT/T 1078-2016, table 2: how a stream is coded."""
    return f"{name}_encode:u8 {name}_resolution:u8 {name}_frame_interval:u16 {name}_frame_rate:u8 {name}_bit_rate:u32"


_CELL = "mcc:u16 mnc:u8 lac:u16 cell_id:u32 signal:i8"
_ADAS = "id:u32 state:u8 type:u8 level:u8"

_EXTRAS = {
    0x01: "odometer:u32/10",
    0x02: "fuel:u16/10",
    0x03: "recorder_speed:u16/10",
    0x04: "alarm_event:u16",
    0x05: "tyre_pressure:x30",
    0x06: "compartment_temperature:i16",
    0x11: "area_type:u8 ?area_type!0(area_id:u32)",
    0x12: "area_type:u8 area_id:u32 direction:u8",
    0x13: "area_id:u32 drive_time:u16 result:u8",
    0x25: "vehicle_signals:u32",
    0x2A: "io_status:u16",
    0x2B: "analogue:u32",
    0x30: "network_signal:u8",
    0x31: "satellites:u8",
    0x53: f"*u8({_CELL})",
    0x54: "*u8(wifi_bssid:mac signal:i8)",
    0x5D: f"*u8({_CELL})",
    0x64: f"{_ADAS} front_speed:u8 front_distance:u8 deviate_type:u8 road_sign:u8 road_sign_value:u8 speed:u8 {_TRACE}",
    0x65: f"{_ADAS} fatigue_degree:u8 reserves:u32 speed:u8 {_TRACE}",
    0x66: f"id:u32 state:u8 speed:u8 {_TRACE} *u8(tyre:u8 event:u16 pressure:u16 temperature:u16 level:u16)",
    0x67: f"id:u32 state:u8 type:u8 speed:u8 {_TRACE}",
    0x94: "vin:s17",
    0xCC: "iccid:s20",
    0xE1: _CELL,
    0xEB: f"{_CELL.removesuffix(' cell_id:u32 signal:i8')} cell_id:u16 signal:i8 // {{extended}}",
    0xED: "license_no:s",
    0xF1: "iccid:bcd10 // iccid:s20",
}
"""Table 27 of the 2013 edition; T/JSATL12-2017; from 0x53 to 0x5D and from 0x94 what vendors agree on."""

TABLES = {
    "extra": Item(1, 1, "extra", _EXTRAS),
    "extended": Item(
        2,
        2,
        "extra",
        {0x00B2: "iccid:bcd10 // iccid:s20", 0x00D8: "mcc:u16 mnc:u8 lac:u16 cell_id:u32"},
        length_first=True,
    ),
    "parameter": Item(
        4,
        1,
        "parameter",
        {
            0x75: f"{_video('realtime')} {_video('storage')} ods_config:u16 audio_enabled:u8",
            0x79: "storage_threshold:u8 duration:u8 start_time:u8",
            0x7B: "overload_threshold:u8 fatigue_threshold:u8",
            0x7C: "mode:u8 condition_type:u8 day_of_week:u8 time_flag:u8"
            + "".join(f" wake_time{day}:bcd2 sleep_time{day}:bcd2" for day in (1, 2, 3, 4)),
            0x81: "province_id:u16",
            0x82: "city_id:u16",
            0x83: "licence_plate:s",
            0x84: "plate_color:u8",
            # what is kept as text (tables 12 of both editions): access points, servers, numbers to call
            **dict.fromkeys(
                (*range(0x10, 0x18), 0x1A, 0x1D, *range(0x23, 0x27), *range(0x40, 0x45), 0x48, 0x49), "text:s"
            ),
        },
        numbers=True,
    ),
}
