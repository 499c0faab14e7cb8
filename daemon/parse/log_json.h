/* Floor 1 (parse). An access log line written as a JSON object, as nginx's `log_format
 * NAME escape=json` makes it. Pure.
 *
 * Names are those of nginx's variables, and what people call the same things; letters may
 * be of any case, and _ - @ . and spaces in a name do not matter ("remoteIP" is
 * "remote_ip"):
 *
 *   client       remote_addr, remote_ip, client_ip, client_host, client, addr, ip
 *   forwarded    http_x_forwarded_for, x_forwarded_for, xff
 *   request      request, request_line: METHOD SP TARGET SP HTTP/d.d; or, with a method,
 *                a target alone
 *   method       request_method, method, m
 *   target       request_uri, request_path, uri, url, path, u
 *   status       status, response_status, downstream_status, status_code, code, s
 *   time         time_iso8601, time_local, msec, timestamp, @timestamp, time, ts, t: of any
 *                form that log_time_any reads
 *   referrer     http_referer, http_referrer, referer, referrer, request_referer, ref, r
 *   agent        http_user_agent, user_agent, request_user_agent, agent, ua
 *   host         host, http_host, request_host, server_name, vhost, virtual_host, h
 *   site         site, site_key
 *   language     http_accept_language, accept_language
 *   DNT, GPC     http_dnt, dnt; http_sec_gpc, sec_gpc, gpc
 *   purpose      http_sec_purpose, sec_purpose, http_purpose, purpose, http_x_moz
 *
 * Of several names for one thing the first that has a value counts; "" and "-" are none.
 * Client and status must be there, and a request, or a method and a target, be named. */
#ifndef LUOT_PARSE_LOG_JSON_H
#define LUOT_PARSE_LOG_JSON_H

#include "parse/log_line.h"

/* ERR_MALFORMED: no JSON object, something of the above missing, a status that is not
 * three digits, a time that cannot be read. Values with escapes are decoded into
 * `scratch`: the caller's, at least line.length bytes. */
int log_json_parse(struct log_line *ret_line, struct slice line, char *scratch);

#endif
