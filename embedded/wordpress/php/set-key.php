<?php
// set-key.php <key>: the key the engine and the site share, as the plugin's settings page saves it.
update_option( 'igny8_api_key', $argv[1] );
