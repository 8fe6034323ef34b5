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
use WP_REST_Request;
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
 *
 * @param WP_REST_Request $request The request.
 */
function show( WP_REST_Request $request ): WP_REST_Response {
	return Replies\answer(
		array(
			'plugin'                    => 'igny8-wp-bridge',
			'plugin_version'            => Bridge\VERSION,
			'protocol'                  => Bridge\PROTOCOL,
			'wordpress_version'         => get_bloginfo( 'version' ),
			'php_version'               => PHP_VERSION,
			'site_url'                  => site_url(),
			'home_url'                  => home_url(),
			'timezone'                  => (string) get_option( 'timezone_string' ),
			'gmt_offset'                => (float) get_option( 'gmt_offset' ),
			'transactions'              => Database\has_transactions(),
			'max_body_bytes'            => ImageBytes\max_bytes(),
			'seo_plugin'                => Seo\active_plugin(),
			'time_gmt'                  => gmdate( 'Y-m-d\TH:i:s\Z' ),
			'can_write'                 => can_write(),
			'authorization_header_seen' => '' !== (string) $request->get_header( 'Authorization' ),
			'pretty_permalinks'         => '' !== (string) get_option( 'permalink_structure' ),
			'upload_limits'             => upload_limits(),
		)
	);
}

/**
 * Whether posts and images can be stored: they have an owner, a table and a folder.
 */
function can_write(): bool {
	$uploads = wp_upload_dir( null, false );
	$folder  = $uploads['basedir'];
	while ( ! file_exists( $folder ) && dirname( $folder ) !== $folder ) {
		$folder = dirname( $folder ); // WordPress makes it with the first upload.
	}
	return Bridge\author_id() > 0 && Database\has_tables() && wp_is_writable( $folder );
}

/**
 * What PHP allows to be sent and used.
 *
 * @return array<string, int|null> Null where there is no limit.
 */
function upload_limits(): array {
	$positive = static fn( int $number ): ?int => $number > 0 ? $number : null;
	return array(
		'max_upload_bytes'  => $positive( (int) wp_max_upload_size() ),
		'max_post_bytes'    => $positive( (int) wp_convert_hr_to_bytes( (string) ini_get( 'post_max_size' ) ) ),
		'memory_bytes'      => $positive( (int) wp_convert_hr_to_bytes( (string) ini_get( 'memory_limit' ) ) ),
		'execution_seconds' => $positive( (int) ini_get( 'max_execution_time' ) ),
	);
}
