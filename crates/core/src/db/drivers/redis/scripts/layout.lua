-- Replaces the description of a table if it is still the one that was read.
-- ARGV: the base of the table, the key of the counter of versions, the version that was read (empty when there
-- was none), the new description.
-- Reply: the new version, empty when another process was first.

local place = ARGV[1] .. ':m'
if (redis.call('HGET', place, 'v') or '') ~= ARGV[3] then
  return ''
end
local version = tostring(redis.call('INCR', ARGV[2]))
redis.call('HSET', place, 'v', version, 'd', ARGV[4])
return version
