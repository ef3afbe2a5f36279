"""Why a page became what it is, and all that is known of its address: gathered, then shown."""
