<?php
/**
 * Starts every part of the bridge.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

const ROUTE_NAMESPACE = 'igny8/v1';

/**
 * Hooks everything the bridge does.
 */
function setup(): void {
	register_activation_hook( PLUGIN_FILE, __NAMESPACE__ . '\\Database\\install' );

	Database\setup();
	Publish\setup();
	Publications\setup();
	Media\setup();
	Status\setup();
	Seo\setup();
	Structure\setup();
	PostState\setup();
	KeyRotation\setup();
	Events\setup();
	UnfinishedSaves\setup();
	Webhooks\setup();
	Cron\setup();
	Settings\setup();
}

/**
 * Registers a route that only a request with the site's key may use.
 *
 * Arguments are not declared here: WordPress would check them before the key,
 * and tell a stranger which fields we expect.
 *
 * @param string   $path     The path below the namespace.
 * @param string   $method   The HTTP method.
 * @param callable $callback Answers the request.
 */
function register_route( string $path, string $method, callable $callback ): void {
	register_rest_route(
		ROUTE_NAMESPACE,
		$path,
		array(
			'methods'             => $method,
			'callback'            => $callback,
			'permission_callback' => __NAMESPACE__ . '\\Authentication\\check_key',
		)
	);
}

/**
 * The user our posts and images belong to: the administrator with the lowest id.
 *
 * @return int A user id, 0 where the site has no administrator.
 */
function author_id(): int {
	$ids = get_users(
		array(
			'role'    => 'administrator',
			'orderby' => 'ID',
			'order'   => 'ASC',
			'number'  => 1,
			'fields'  => 'ID',
		)
	);

	/**
	 * Filters the author of what the bridge creates.
	 *
	 * @param int $author_id The user id.
	 */
	return (int) apply_filters( 'igny8_post_author', (int) reset( $ids ) );
}
