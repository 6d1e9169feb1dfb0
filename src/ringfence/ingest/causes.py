"""Why a call ended, as SIP status: Q.850 cause values and FreeSWITCH's names for them.

RFC 3398 §8.2.6.1 gives the status for a cause. Causes of an ordinary end say nothing about the status and
map to nothing: whether the call was answered decides.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_CAUSES: tuple[tuple[int, str, int | None], ...] = (
    (0, "UNSPECIFIED", None),
    (0, "NONE", None),
    (0, "SUCCESS", None),
    (1, "UNALLOCATED_NUMBER", 404),
    (2, "NO_ROUTE_TRANSIT_NET", 404),
    (3, "NO_ROUTE_DESTINATION", 404),
    (7, "CALL_AWARDED_DELIVERED", None),
    (16, "NORMAL_CLEARING", None),
    (17, "USER_BUSY", 486),
    (18, "NO_USER_RESPONSE", 408),
    (19, "NO_ANSWER", 480),
    (20, "SUBSCRIBER_ABSENT", 480),
    (21, "CALL_REJECTED", 403),
    (22, "NUMBER_CHANGED", 410),
    (23, "REDIRECTION_TO_NEW_DESTINATION", 410),
    (25, "EXCHANGE_ROUTING_ERROR", 483),
    (26, "NON_SELECTED_USER_CLEARING", 404),
    (27, "DESTINATION_OUT_OF_ORDER", 502),
    (28, "INVALID_NUMBER_FORMAT", 484),
    (29, "FACILITY_REJECTED", 501),
    (31, "NORMAL_UNSPECIFIED", 480),
    (34, "NORMAL_CIRCUIT_CONGESTION", 503),
    (38, "NETWORK_OUT_OF_ORDER", 503),
    (41, "NORMAL_TEMPORARY_FAILURE", 503),
    (42, "SWITCH_CONGESTION", 503),
    (47, "PRE_EMPTED", 503),
    (50, "FACILITY_NOT_SUBSCRIBED", 501),
    (52, "OUTGOING_CALL_BARRED", 403),
    (54, "INCOMING_CALL_BARRED", 403),
    (55, "INCOMING_CALL_BARRED_CUG", 403),
    (57, "BEARERCAPABILITY_NOTAUTH", 403),
    (58, "BEARERCAPABILITY_NOTAVAIL", 503),
    (63, "SERVICE_UNAVAILABLE", 503),
    (65, "BEARERCAPABILITY_NOTIMPL", 488),
    (69, "FACILITY_NOT_IMPLEMENTED", 501),
    (70, "RESTRICTED_DIGITAL_ONLY", 488),
    (79, "SERVICE_NOT_IMPLEMENTED", 501),
    (87, "NOT_MEMBER_OF_CUG", 403),
    (88, "INCOMPATIBLE_DESTINATION", 503),
    (102, "RECOVERY_ON_TIMER_EXPIRE", 504),
    (111, "PROTOCOL_ERROR", 500),
    (127, "INTERWORKING", 500),
    # FreeSWITCH's own, above the range of Q.850
    (487, "ORIGINATOR_CANCEL", 487),
    (502, "LOSE_RACE", 487),
    (600, "ALLOTTED_TIMEOUT", None),
    (601, "MEDIA_TIMEOUT", None),
    (602, "PICKED_OFF", 487),
    (606, "USER_NOT_REGISTERED", 480),
    (607, "PROGRESS_TIMEOUT", 480),
    (609, "GATEWAY_DOWN", 503),
    (0, "ATTENDED_TRANSFER", None),
    (0, "BLIND_TRANSFER", None),
    (0, "MANAGER_REQUEST", None),
)

#: Value maps for a mapping's `status`; "" is blank.
BY_NAME: dict[str, str | int | bool] = {name: "" if sip is None else sip for _, name, sip in _CAUSES}
BY_CAUSE: dict[str, str | int | bool] = {
    str(cause): "" if sip is None else sip for cause, _, sip in _CAUSES if cause < 128
}


def answered_is_200(rows: pa.Table) -> pa.Table:
    """An answered call had the status 200, however it ended later."""
    if "answer_time" not in rows.column_names or "status" not in rows.column_names:
        return rows
    status = pc.if_else(
        pc.is_valid(rows.column("answer_time")), pa.scalar(200, pa.int16()), rows.column("status")
    )
    return rows.set_column(rows.column_names.index("status"), "status", status)
