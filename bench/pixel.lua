-- wrk: the pixel as a browser on a portal's page asks for it, through a proxy that says who the visitor is.
-- wrk -s pixel.lua URL -- DEPTH [WHAT]
--   DEPTH  requests sent at once on a connection (1: an answer first, then the next)
--   WHAT   pixel; close: on a connection of its own; lines: POST /b with ten beacons; widget: the box's numbers
local headers = {
  ["Accept"] = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "vi-VN,vi;q=0.9,fr-FR;q=0.8,fr;q=0.7,en-US;q=0.6,en;q=0.5",
  ["Connection"] = "keep-alive",
  ["Referer"] = "https://www.example.gov.vn/tin-tuc/bai-viet-000123",
  ["Sec-Fetch-Dest"] = "image",
  ["Sec-Fetch-Mode"] = "no-cors",
  ["Sec-Fetch-Site"] = "same-site",
  ["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  ["sec-ch-ua"] = '"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"',
  ["sec-ch-ua-mobile"] = "?0",
  ["sec-ch-ua-platform"] = '"Windows"',
}
local VARIANTS = 4096 -- made before the clock runs
local requests, turn = {}, 0

function init(args)
  local depth, what = tonumber(args[1] or "1"), args[2] or "pixel"
  local one = {}
  local beacon = "s=demo&p=%%2Ftin-tuc%%2Fbai-viet-%06d&r=https%%3A%%2F%%2Fwww.google.com%%2F&w=1920&l=vi"
  if what == "close" then headers["Connection"] = "close" end
  if what == "lines" then headers["Content-Type"] = "text/plain" end
  for i = 1, VARIANTS do
    headers["X-Forwarded-For"] = string.format("113.%d.%d.%d", 160 + i % 7, math.floor(i / 251) % 251, 1 + i % 251)
    if what == "lines" then
      local lines = {}
      for j = 1, 10 do lines[j] = string.format(beacon, (i + j) % 1000) end
      one[i] = wrk.format("POST", "/b", headers, table.concat(lines, "\n"))
    elseif what == "widget" then
      one[i] = wrk.format("GET", "/v1/demo/widget.json", headers)
    else
      one[i] = wrk.format("GET", "/p.gif?" .. string.format(beacon, i % 1000), headers)
    end
  end
  for i = 1, VARIANTS do
    local batch = {}
    for j = 0, depth - 1 do
      batch[#batch + 1] = one[(i + j - 1) % VARIANTS + 1]
    end
    requests[i] = table.concat(batch)
  end
  print("request bytes " .. #one[1])
end

function request()
  turn = turn % VARIANTS + 1
  return requests[turn]
end
