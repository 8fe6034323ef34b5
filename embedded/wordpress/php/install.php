<?php
// install.php <administrator's password>: makes the empty site; prints one line of JSON.
function wp_new_blog_notification() {}
require __DIR__ . '/boot.php';
define( 'WP_INSTALLING', true );
require getenv( 'SITE_FOLDER' ) . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

// wp_install() asks its own front page whether pretty addresses work; no server is up yet.
add_filter(
	'pre_http_request',
	static function () {
		return new WP_Error( 'offline', 'no requests while installing' );
	}
);
wp_install( 'Field Notes', 'admin', 'admin@example.test', true, '', $argv[1] );

// The sample post, page and comment would stand between a test and its own content.
foreach ( get_posts( array( 'post_type' => array( 'post', 'page' ), 'post_status' => 'any', 'numberposts' => -1 ) ) as $sample ) {
	wp_delete_post( $sample->ID, true );
}
$settings = array(
	'blogdescription'     => 'A WordPress site on this machine',
	'permalink_structure' => '/%postname%/',
	'timezone_string'     => '',
	'gmt_offset'          => 0,
	'template'            => 'plain',
	'stylesheet'          => 'plain',
	'sidebars_widgets'    => array(),
);
foreach ( $settings as $name => $value ) {
	update_option( $name, $value );
}
$GLOBALS['wp_rewrite']->init();
$GLOBALS['wp_rewrite']->flush_rules( false );

$passwords = array();
foreach ( array( 'admin' => 'administrator', 'editor' => 'editor', 'author' => 'author', 'subscriber' => 'subscriber' ) as $login => $role ) {
	$user = get_user_by( 'login', $login );
	$id   = $user ? $user->ID : wp_insert_user(
		array(
			'user_login' => $login,
			'user_pass'  => $argv[1],
			'user_email' => "$login@example.test",
			'role'       => $role,
		)
	);
	$passwords[ $login ] = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'local' ) )[0];
}
echo wp_json_encode( $passwords ), "\n";
