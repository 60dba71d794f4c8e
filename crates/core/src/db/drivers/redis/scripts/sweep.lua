-- Removes entries of indexes whose record is gone or has another value now.
-- ARGV: the base of the table, then for each entry: its index, the entry, the key of the record, and the
-- version of the record as it was read, empty when it was not there.

local base = ARGV[1]
for i = 2, #ARGV, 4 do
  local version = redis.call('HGET', base .. ':r:' .. ARGV[i + 2], '\0v') or ''
  if version == ARGV[i + 3] then
    redis.call('ZREM', base .. ':' .. ARGV[i], ARGV[i + 1])
  end
end
return #ARGV
