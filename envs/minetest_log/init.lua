-- One JSON line in the world's folder for each thing that happens; positions every second.
local out = assert(io.open(minetest.get_worldpath() .. "/groundup.jsonl", "a"))

local function note(row)
  row.t = minetest.get_us_time() / 1e6
  out:write(minetest.write_json(row), "\n")
  out:flush()
end

local since = 0
minetest.register_globalstep(function(passed)
  since = since + passed
  if since < 0.25 then
    return
  end
  since = 0
  for _, player in ipairs(minetest.get_connected_players()) do
    local at = player:get_pos()
    note({ kind = "at", x = at.x, y = at.y, z = at.z, yaw = player:get_look_horizontal(),
           pitch = player:get_look_vertical(), health = player:get_hp() })
  end
end)
minetest.register_on_joinplayer(function() note({ kind = "join" }) end)
minetest.register_on_dignode(function(_, node) note({ kind = "dig", what = node.name }) end)
minetest.register_on_placenode(function(_, node) note({ kind = "place", what = node.name }) end)
minetest.register_on_craft(function(stack) note({ kind = "craft", what = stack:get_name() }) end)
minetest.register_on_dieplayer(function() note({ kind = "die" }) end)
