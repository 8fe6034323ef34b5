<?php
/**
 * GET /status: who answers here, and what it can do.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Status;

use Igny8\Bridge;
use Igny8\Bridge\Database;
use Igny8\Bridge\ImageBytes;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Seo;
use WP_REST_Response;

/**
 * Hooks the route.
 */
function setup(): void {
	add_action( 'rest_api_init', __NAMESPACE__ . '\\register_routes' );
}

/**
 * Registers the route.
 */
function register_routes(): void {
	Bridge\register_route( '/status', 'GET', __NAMESPACE__ . '\\show' );
}

/**
 * Describes this site.
 */
function show(): WP_REST_Response {
	return Replies\answer(
		array(
			'plugin'            => 'igny8-wp-bridge',
			'plugin_version'    => Bridge\VERSION,
			'protocol'          => Bridge\PROTOCOL,
			'wordpress_version' => get_bloginfo( 'version' ),
			'php_version'       => PHP_VERSION,
			'site_url'          => site_url(),
			'home_url'          => home_url(),
			'timezone'          => (string) get_option( 'timezone_string' ),
			'gmt_offset'        => (float) get_option( 'gmt_offset' ),
			'transactions'      => Database\has_transactions(),
			'max_body_bytes'    => ImageBytes\max_bytes(),
			'seo_plugin'        => Seo\active_plugin(),
			'time_gmt'          => gmdate( 'Y-m-d\TH:i:s\Z' ),
		)
	);
}
