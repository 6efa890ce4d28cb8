"""What the submit side reads: folders and archives, as people have them. Jobs import none of it."""
