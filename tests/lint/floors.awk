# The floors of daemon/: a file includes its own folder and lower floors only (README, "Floors"). Reads every file of daemon/ and
# client/; prints each breach as file:line; exits 1 if there was one.
BEGIN {
    split("base:0 parse:1 identify:2 count:2 pipeline.h:3 store:3 report:3 net:4 answer:4 keep:4", rows, " ")
    for (i in rows) { split(rows[i], kv, ":"); floor[kv[1]] = kv[2] }
    # Only these folders, or files, may include these headers of others.
    only["<uv.h>"] = "^daemon/(net/|daemon)"
    only["<sqlite3.h>"] = "^daemon/store/store_sqlite"
    only["<hiredis"] = "^daemon/store/store_redis"
    only["<hs/hs.h>"] = "^daemon/identify/agent_scan"
    only["<pcre2.h>"] = "^daemon/identify/agent_match"
    only["<maxminddb.h>"] = "^daemon/(identify/geo|base/config_value)"
}
/^[ \t]*#[ \t]*include/ {
    for (header in only)
        if (index($2, header) == 1 && FILENAME !~ only[header] && FILENAME ~ /^daemon\//)
            breach($2 " belongs to " only[header])
}
/^[ \t]*#[ \t]*include "/ && FILENAME ~ /^daemon\// {
    n = split(FILENAME, path, "/")
    mine = n > 2 ? path[2] : path[2] ~ /^pipeline[._]/ ? "pipeline.h" : "main"
    level = mine == "main" ? 5 : floor[mine]
    split($2, q, "\"")
    split(q[2], other, "/")
    theirs = other[1]
    if (theirs == mine || q[2] !~ /\// && theirs != "pipeline.h") next
    if (!(theirs in floor)) breach("no such floor: " q[2])
    else if (floor[theirs] > level) breach(q[2] " is on a higher floor")
    else if (level == 4 && floor[theirs] == 4) breach("net, answer and keep do not include each other: " q[2])
    else if (mine == "store" && theirs == "report" || mine == "report" && theirs == "store") breach("store and report do not know each other")
    else if ((mine == "identify" && theirs == "count") || (mine == "count" && theirs == "identify" && q[2] !~ /identify\/visit/)) breach("identify and count share identify/visit.h only: " q[2])
}
function breach(what) { print FILENAME ":" FNR ": " what; bad = 1 }
END { exit bad }
