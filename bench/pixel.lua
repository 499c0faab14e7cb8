-- wrk: the pixel as a browser on a portal's page asks for it, through a proxy that says who the visitor is.
-- wrk -s pixel.lua URL -- DEPTH: requests sent at once on a connection (1: an answer first, then the next).
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
  local depth = tonumber(args[1] or "1")
  local one = {}
  for i = 1, VARIANTS do
    headers["X-Forwarded-For"] = string.format("113.%d.%d.%d", 160 + i % 7, math.floor(i / 251) % 251, 1 + i % 251)
    local target = string.format("/p.gif?s=demo&p=%%2Ftin-tuc%%2Fbai-viet-%06d&r=https%%3A%%2F%%2Fwww.google.com%%2F&w=1920&l=vi", i % 1000)
    one[i] = wrk.format("GET", target, headers)
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
