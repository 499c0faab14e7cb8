-- wrk: a file's requests (lib/input.mjs), which a NUL separates, in turn.
-- wrk -s requests.lua URL -- FILE DEPTH: requests sent at once on a connection (1: an answer first, then the next).
local requests, turn = {}, 0

function init(args)
  local depth = tonumber(args[2] or "1")
  local file = assert(io.open(args[1], "rb"), "the file of requests is not there")
  local one = {}
  for request in file:read("*a"):gmatch("[^%z]+") do
    one[#one + 1] = request
  end
  file:close()
  for i = 1, #one do
    local batch = {}
    for j = 0, depth - 1 do
      batch[#batch + 1] = one[(i + j - 1) % #one + 1]
    end
    requests[i] = table.concat(batch)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
