"""Drivers of a bench's instruments, one a capability of `rigs.protocols`, on the field's own libraries.

``can`` python-can and cantools; ``diagnostics`` udsoncan over ``isotp``, can-isotp; ``modem``, ``gnss`` pyserial;
``adb`` adbutils; ``power``, ``digital`` pyvisa;
``probe`` http.client; ``clock`` the host's. On a simulated rig the same drivers talk to simulated peers; only the
clock differs.
"""
