"""New photographs: what is found on them, shard by shard, and all together."""
