-- SPDX-License-Identifier: Apache-2.0
-- minute.py, where Valkey keeps the minutes: atomic, since nothing else runs while a script does.
-- KEYS: one an account.  ARGV: "take" or "give", second, hold, tokens that were used ("" for as many as were booked), then for each
-- account its requests_per_minute, tokens_per_minute, concurrent, and the tokens that are asked for.
-- take: {0, requests, tokens, requests, tokens, ...}, or {account, name of the limit, limit, seconds}.
local WINDOW, LAPSE = 60, 900
local op, at, hold, used = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local function sum(by_second)
  local all = 0
  for _, counted in pairs(by_second) do all = all + counted end
  return all
end

local function size(of)
  local all = 0
  for _ in pairs(of) do all = all + 1 end
  return all
end

local function second_of(minute)
  local newest = at
  for _, by_second in ipairs({minute.requests, minute.tokens}) do
    for each in pairs(by_second) do
      local counted = tonumber(each)
      if counted > newest and counted <= at + WINDOW then newest = counted end
    end
  end
  return newest
end

local function forget(of, from, to)
  for each, began in pairs(of) do
    local counted = tonumber(from and each or began)
    local first = from or to - LAPSE + 1
    if counted < first or counted > to then of[each] = nil end
  end
end

local function booked(limits, asked) return math.min(asked, limits[2]) end

local function full(minute, limits, asked)
  local second = second_of(minute)
  forget(minute.requests, second - WINDOW, second)
  forget(minute.tokens, second - WINDOW, second)
  forget(minute.running, nil, second)
  local kinds = {
    {"requests_per_minute", limits[1], minute.requests, 1},
    {"tokens_per_minute", limits[2], minute.tokens, booked(limits, asked)},
  }
  for _, kind in ipairs(kinds) do
    local name, limit, by_second, more = unpack(kind)
    local over = limit > 0 and sum(by_second) + more - limit or 0
    if over > 0 then
      local seconds = {}
      for each in pairs(by_second) do seconds[#seconds + 1] = tonumber(each) end
      table.sort(seconds)
      for _, counted in ipairs(seconds) do
        over = over - by_second[tostring(counted)]
        if over <= 0 then return {name, limit, counted + WINDOW + 1 - at} end
      end
    end
  end
  if limits[3] > 0 and size(minute.running) >= limits[3] then return {"concurrent", limits[3], 1} end
end

local function add(by_second, second, more)
  local name = tostring(second)
  by_second[name] = (by_second[name] or 0) + more
end

local minutes, limits, asked = {}, {}, {}
for place, key in ipairs(KEYS) do
  local kept, first = redis.call('GET', key), 4 * place + 1
  minutes[place] = kept and cjson.decode(kept) or {requests = {}, tokens = {}, running = {}}
  limits[place] = {tonumber(ARGV[first]), tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])}
  asked[place] = tonumber(ARGV[first + 3])
end

local said = {0}
if op == 'take' then
  for place, minute in ipairs(minutes) do
    local short = full(minute, limits[place], asked[place])
    if short then return {place, short[1], short[2], short[3]} end
  end
  for place, minute in ipairs(minutes) do
    local second, of = second_of(minute), limits[place]
    if of[1] > 0 then add(minute.requests, second, 1) end
    if of[2] > 0 then add(minute.tokens, second, booked(of, asked[place])) end
    if of[2] > 0 or of[3] > 0 then minute.running[hold] = second end
    said[#said + 1] = sum(minute.requests)
    said[#said + 1] = sum(minute.tokens)
  end
else
  for place, minute in ipairs(minutes) do
    local began, of = minute.running[hold], limits[place]
    minute.running[hold] = nil
    local more = used and began and of[2] > 0 and used - booked(of, asked[place]) or 0
    if more > 0 then
      add(minute.tokens, second_of(minute), more)
    elseif more < 0 and minute.tokens[tostring(began)] then
      minute.tokens[tostring(began)] = math.max(minute.tokens[tostring(began)] + more, 0)
    end
  end
end
for place, key in ipairs(KEYS) do
  redis.call('SET', key, cjson.encode(minutes[place]), 'EX', LAPSE)
end
return said
