<?php
/**
 * Loads the WordPress site under test: IGNY8_TEST_SITE is its folder, IGNY8_TEST_URL its address.
 *
 * @package Igny8\Bridge
 */

// phpcs:disable
foreach ( array( 'IGNY8_TEST_SITE', 'IGNY8_TEST_URL' ) as $igny8_name ) {
	if ( ! getenv( $igny8_name ) ) {
		fwrite( STDERR, "Set $igny8_name; see README.md in this folder.\n" );
		exit( 1 );
	}
}

$igny8_url = parse_url( getenv( 'IGNY8_TEST_URL' ) );

$_SERVER['HTTP_HOST']      = $igny8_url['host'] . ( isset( $igny8_url['port'] ) ? ':' . $igny8_url['port'] : '' );
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI']    = '/';
define( 'WP_USE_THEMES', false );
require getenv( 'IGNY8_TEST_SITE' ) . '/wp-load.php';
require_once __DIR__ . '/BridgeTestCase.php';
require_once __DIR__ . '/EngineTestCase.php';
require_once __DIR__ . '/OutboxTestCase.php';
