<?php
// activate.php <folder/file.php>: turns a plugin on, and runs its activation hook.
require_once ABSPATH . 'wp-admin/includes/plugin.php';
$problem = activate_plugin( $argv[1] );
if ( is_wp_error( $problem ) ) {
	fwrite( STDERR, $problem->get_error_code() . ': ' . $problem->get_error_message() . ' ' . wp_json_encode( $problem->get_error_data() ) . "\n" );
	exit( 1 );
}
flush_rewrite_rules( false );
