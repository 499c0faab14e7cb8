/* What the server does for us in one step. Each script declares all its keys, and all of
 * them carry the same {site}. */
#include "store/store_redis_link.h"

const char *const redis_scripts[SCRIPTS] = {
    /* Numbers in fields of hashes, none of which may fall.
     * KEYS: hash, index, hash, index, ... (an index that is the hash itself is none)
     * ARGV: field, numbers, score, member, seconds kept (0: for ever), ...
     * A field that is there keeps the greater of each number. A new one is entered in
     * its index, of which what is old goes: by the server's clock too, so that a luotd whose
     * clock is ahead hides no day from those whose is not. What is wrong with one hash is
     * said at the end; the others are raised. */
    [SCRIPT_RAISE] =
        "local wrong\n"
        "local function raise(hash, index, field, given, score, member, keep)\n"
        "  local kept = redis.call('HGET', hash, field)\n"
        "  if kept == given then return end\n"
        "  if kept then\n"
        "    local old, new, i = {}, {}, 0\n"
        "    for n in string.gmatch(kept, '%d+') do old[#old + 1] = n end\n"
        "    for n in string.gmatch(given, '%d+') do\n"
        "      i = i + 1\n"
        "      if old[i] and tonumber(old[i]) > tonumber(n) then n = old[i] end\n"
        "      new[i] = n\n"
        "    end\n"
        "    given = table.concat(new, ' ')\n"
        "    if kept == given then return end\n"
        "  end\n"
        "  redis.call('HSET', hash, field, given)\n"
        "  if kept then return end\n"
        "  if index ~= hash then redis.call('ZADD', index, score, member) end\n"
        "  keep = tonumber(keep)\n"
        "  if keep == 0 then return end\n"
        "  if redis.call('TTL', hash) < 0 then redis.call('EXPIRE', hash, keep) end\n"
        "  if index ~= hash then\n"
        "    local day = math.min(tonumber(score), redis.call('TIME')[1] / 86400)\n"
        "    redis.call('ZREMRANGEBYSCORE', index, '-inf', day - keep / 86400 - 5)\n"
        "  end\n"
        "end\n"
        "for i = 1, #KEYS, 2 do\n"
        "  local a = (i - 1) / 2 * 5\n"
        "  local ok, said = pcall(raise, KEYS[i], KEYS[i + 1], ARGV[a + 1], ARGV[a + "
        "2],\n"
        "    ARGV[a + 3], ARGV[a + 4], ARGV[a + 5])\n"
        "  if not ok and not wrong then\n"
        "    wrong = type(said) == 'table' and said.err or tostring(said)\n"
        "  end\n"
        "end\n"
        "if wrong then return redis.error_reply(wrong) end\n"
        "return 1\n",

    /* KEYS: the site's hash. ARGV: created, first_live, last_view, host ("": not told).
     * The first two keep the least that is not 0, the third the greatest. */
    [SCRIPT_SITE] =
        "local names = {'created', 'first_live', 'last_view'}\n"
        "for i, name in ipairs(names) do\n"
        "  local given = tonumber(ARGV[i])\n"
        "  local kept = tonumber(redis.call('HGET', KEYS[1], name) or '0') or 0\n"
        "  local better = kept == 0 or (i < 3 and given < kept) or (i == 3 and given > "
        "kept)\n"
        "  if given > 0 and better then redis.call('HSET', KEYS[1], name, ARGV[i]) end\n"
        "end\n"
        "if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'host', ARGV[4]) end\n"
        "return 1\n",

    /* KEYS: the day's HyperLogLog, a key to bring ours in. ARGV: ours, seconds kept.
     * A union: it only grows, whoever writes it and however often. */
    [SCRIPT_SKETCH] =
        "redis.call('SET', KEYS[2], ARGV[1], 'EX', 60)\n"
        "local said = redis.pcall('PFMERGE', KEYS[1], KEYS[2])\n"
        "redis.call('DEL', KEYS[2])\n"
        "if type(said) == 'table' and said.err then return said end\n"
        "if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) "
        "end\n"
        "return 1\n",

    /* KEYS: the node's hash, the list of nodes. ARGV: node, incarnation, its clock in
     * unix milliseconds, version, member, seconds kept. `seen` is the server's clock, so
     * that the nodes' clocks can be compared. */
    [SCRIPT_NODE] =
        "local now = redis.call('TIME')\n"
        "local ms = now[1] .. string.format('%03d', math.floor(tonumber(now[2]) / "
        "1000))\n"
        "redis.call('HSET', KEYS[1], 'node', ARGV[1], 'incarnation', ARGV[2], 'clock', "
        "ARGV[3],\n"
        "  'version', ARGV[4], 'seen', ms)\n"
        "redis.call('EXPIRE', KEYS[1], ARGV[6])\n"
        "redis.call('ZADD', KEYS[2], now[1], ARGV[5])\n"
        "redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', tonumber(now[1]) - 86400 * 35)\n"
        "return 1\n",

    /* What people said of a site: the later holds, or the one whose text is greater.
     * KEYS: the names. ARGV: field, value, which begins with when. */
    [SCRIPT_NAME] =
        "local kept = redis.call('HGET', KEYS[1], ARGV[1])\n"
        "local function at(value) return tonumber(string.match(value, '^%d+')) end\n"
        "if kept and (at(kept) > at(ARGV[2]) or at(kept) == at(ARGV[2]) and kept >= "
        "ARGV[2]) then\n"
        "  return 0\n"
        "end\n"
        "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])\n"
        "return 1\n",

    /* A seed: the later one wins. KEYS: the seed, the adjustments, the audit trail.
     * ARGV: its line of the audit trail, then field, value, field, value, ... of which
     * the first is `at`. Adjustments that were made before it are in it. */
    [SCRIPT_SEED] =
        "redis.call('RPUSH', KEYS[3], ARGV[1])\n"
        "local kept = tonumber(redis.call('HGET', KEYS[1], 'at') or '0') or 0\n"
        "if kept > tonumber(ARGV[3]) then return 0 end\n"
        "redis.call('DEL', KEYS[1])\n"
        "redis.call('HSET', KEYS[1], 'adjusted', redis.call('LLEN', KEYS[2]))\n"
        "for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end\n"
        "return 1\n",

    /* Numbers that are added, with their sign. KEYS: hash, index, hash, index, ...
     * ARGV: field, views, visits, visitors, score, member, ... */
    [SCRIPT_ADD] =
        "for i = 1, #KEYS, 2 do\n"
        "  local a, sum = (i - 1) / 2 * 6, {}\n"
        "  local kept = redis.call('HGET', KEYS[i], ARGV[a + 1]) or '0 0 0'\n"
        "  for n in string.gmatch(kept, '%-?%d+') do\n"
        "    sum[#sum + 1] = string.format('%.0f', tonumber(n) + tonumber(ARGV[a + 2 + "
        "#sum]))\n"
        "  end\n"
        "  redis.call('HSET', KEYS[i], ARGV[a + 1], table.concat(sum, ' '))\n"
        "  redis.call('ZADD', KEYS[i + 1], ARGV[a + 5], ARGV[a + 6])\n"
        "end\n"
        "return 1\n",

    /* --- Of dumps that are loaded: each may run again and changes nothing then. --- */

    /* Lines of a list, each at most so often as it is to be there.
     * KEYS: the list. ARGV: "what" (lines are the same whose text behind the first two
     * numbers is) or "", then line, times, line, times, ... */
    [SCRIPT_APPEND] =
        "local function name(line)\n"
        "  return ARGV[1] == 'what' and string.match(line, '^%S+ %S+ (.*)$') or line\n"
        "end\n"
        "local there = {}\n"
        "for _, line in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do\n"
        "  there[name(line)] = (there[name(line)] or 0) + 1\n"
        "end\n"
        "for i = 2, #ARGV, 2 do\n"
        "  local n = there[name(ARGV[i])] or 0\n"
        "  if n < tonumber(ARGV[i + 1]) then\n"
        "    redis.call('RPUSH', KEYS[1], ARGV[i])\n"
        "    there[name(ARGV[i])] = n + 1\n"
        "  end\n"
        "end\n"
        "return 1\n",

    /* As SCRIPT_SEED, of a seed that was set elsewhere: it says itself how many of the
     * adjustments are in it. KEYS: the seed, the adjustments. ARGV: how many, then field,
     * value, ... of which the first is `at`. */
    [SCRIPT_SEED_LOAD] =
        "local kept = tonumber(redis.call('HGET', KEYS[1], 'at') or '-1')\n"
        "local given = tonumber(ARGV[3])\n"
        "local adjusted = math.min(tonumber(ARGV[1]), redis.call('LLEN', KEYS[2]))\n"
        "if kept > given then return 0 end\n"
        "if kept == given then\n"
        "  local had = tonumber(redis.call('HGET', KEYS[1], 'adjusted') or '0')\n"
        "  adjusted = math.max(adjusted, had)\n"
        "end\n"
        "redis.call('DEL', KEYS[1])\n"
        "redis.call('HSET', KEYS[1], 'adjusted', adjusted)\n"
        "for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end\n"
        "return 1\n",

    /* A source: the one that was read further. KEYS: the sources. ARGV: field, value. */
    [SCRIPT_SOURCE] =
        "local kept = redis.call('HGET', KEYS[1], ARGV[1])\n"
        "local function bytes(value) return tonumber(string.match(value, '^%d+')) end\n"
        "if kept and bytes(kept) >= bytes(ARGV[2]) then return 0 end\n"
        "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])\n"
        "return 1\n",

    /* Imported rows, taken where their source is in the state that they are of.
     * KEYS: the sources, then hash, index, hash, index, ...
     * ARGV: source, of, field, numbers, score, member, ... */
    [SCRIPT_IMPORTED] =
        "for i = 2, #KEYS, 2 do\n"
        "  local a = (i - 2) / 2 * 6\n"
        "  local source = redis.call('HGET', KEYS[1], ARGV[a + 1]) or ''\n"
        "  if string.match(source, '^%d+') == ARGV[a + 2] then\n"
        "    redis.call('HSET', KEYS[i], ARGV[a + 3], ARGV[a + 4])\n"
        "    redis.call('ZADD', KEYS[i + 1], ARGV[a + 5], ARGV[a + 6])\n"
        "  end\n"
        "end\n"
        "return 1\n",

    /* KEYS: a run's sheet of a site, the list of its sheets. ARGV: the sheet, the site,
     * seconds kept. The list has when each came, by the server's clock. */
    [SCRIPT_SHEET] =
        "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])\n"
        "local now = redis.call('TIME')\n"
        "local ms = now[1] .. string.format('%03d', math.floor(tonumber(now[2]) / "
        "1000))\n"
        "redis.call('ZADD', KEYS[2], ms, ARGV[2])\n"
        "redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', tonumber(ms) - ARGV[3] * 1000)\n"
        "redis.call('EXPIRE', KEYS[2], ARGV[3])\n"
        "return 1\n",

    /* Rows of one day, dimension and run, which belong together: those of more views are of
     * a later moment and replace the others. KEYS: hash, index.
     * ARGV: views of all of them, score, member, seconds kept (0: for ever), then field,
     * value, ... The field "" ends with the views of all, and is written first. */
    [SCRIPT_TOP] =
        "local kept = redis.call('HGET', KEYS[1], '')\n"
        "local had = kept and tonumber(string.match(kept, '(%d+)$')) or -1\n"
        "local sum, keep = tonumber(ARGV[1]), tonumber(ARGV[4])\n"
        "if had > sum then return 0 end\n"
        "if had < sum then\n"
        "  redis.call('DEL', KEYS[1])\n"
        "  redis.call('HSET', KEYS[1], '', '0 0 0 ' .. ARGV[1])\n"
        "  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])\n"
        "end\n"
        "for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end\n"
        "if keep > 0 then\n"
        "  redis.call('EXPIRE', KEYS[1], keep)\n"
        "  local now = redis.call('TIME')[1] / 86400 * 256\n"
        "  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf',\n"
        "    math.min(tonumber(ARGV[2]), now) - keep / 86400 * 256)\n"
        "end\n"
        "return 1\n",

    /* Rows that are added to those of a past log's day or month, of which at most so many
     * stay beside the rest; what goes into the rest is what it then lacks.
     * KEYS and ARGV: as SCRIPT_TOP, with the most rows in place of the views of all. */
    [SCRIPT_TOP_ADD] =
        "local most, keep = tonumber(ARGV[1]), tonumber(ARGV[4])\n"
        "local all, rows, rest = 0, {}, {0, 0, 0}\n"
        "local function add(key, text)\n"
        "  local row = key == '' and rest or rows[key] or {0, 0, 0}\n"
        "  local i = 0\n"
        "  for n in string.gmatch(text, '%d+') do\n"
        "    i = i + 1\n"
        "    if i <= 3 then row[i] = row[i] + tonumber(n) end\n"
        "  end\n"
        "  if key ~= '' then rows[key] = row end\n"
        "end\n"
        "local function text(row)\n"
        "  return string.format('%.0f %.0f %.0f', row[1], row[2], row[3])\n"
        "end\n"
        "local kept = redis.call('HGETALL', KEYS[1])\n"
        "for i = 1, #kept, 2 do add(kept[i], kept[i + 1]) end\n"
        "for i = 5, #ARGV, 2 do add(ARGV[i], ARGV[i + 1]) end\n"
        "local order = {}\n"
        "for key, row in pairs(rows) do\n"
        "  order[#order + 1] = key\n"
        "  all = all + row[1]\n"
        "end\n"
        "table.sort(order, function(a, b)\n"
        "  if rows[a][1] ~= rows[b][1] then return rows[a][1] > rows[b][1] end\n"
        "  return a < b\n"
        "end)\n"
        "all = all + rest[1]\n"
        "for i = most + 1, #order do\n"
        "  rest[1] = rest[1] + rows[order[i]][1]\n"
        "  if i == most + 1 then rest[3] = rest[3] + rows[order[i]][1] end\n"
        "end\n"
        "redis.call('DEL', KEYS[1])\n"
        "redis.call('HSET', KEYS[1], '', text(rest) .. string.format(' %.0f', all))\n"
        "for i = 1, math.min(most, #order) do\n"
        "  redis.call('HSET', KEYS[1], order[i], text(rows[order[i]]))\n"
        "end\n"
        "redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])\n"
        "if keep > 0 then redis.call('EXPIRE', KEYS[1], keep) end\n"
        "return 1\n",
};
