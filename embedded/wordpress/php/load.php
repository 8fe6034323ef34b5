<?php
// Goes before a script of ours: WordPress is loaded and the first administrator is logged in.
require __DIR__ . '/boot.php';
require getenv( 'SITE_FOLDER' ) . '/wp-load.php';
wp_set_current_user( 1 );
