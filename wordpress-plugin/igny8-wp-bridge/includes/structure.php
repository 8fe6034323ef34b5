<?php
/**
 * What kinds of content the site has: GET /structure, and the push to the engine.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Structure;

use Igny8\Bridge;
use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Engine;
use Igny8\Bridge\Replies;
use Igny8\Bridge\SiteFacts;
use WP_Post_Type;
use WP_REST_Response;
use WP_Taxonomy;

const LAST_OPTION     = 'igny8_last_structure_sync';
const FAILURES_OPTION = 'igny8_structure_failures';
const LIST_PATH       = '/api/v1/integration/integrations/';
const FETCH_LIMIT     = 100;
const LONGEST_TEXT    = 2000;
const NAME_PATTERN    = '/^[a-z0-9_-]{1,64}$/D';

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
	Bridge\register_route( '/structure', 'GET', __NAMESPACE__ . '\\show' );
}

/**
 * Answers with the structure.
 */
function show(): WP_REST_Response {
	return Replies\answer( gather() );
}

/**
 * Counts what the site has, as the protocol shows it.
 *
 * @return array<string, mixed>
 */
function gather(): array {
	$types      = array_diff_key(
		get_post_types(
			array(
				'public'  => true,
				'show_ui' => true,
			),
			'objects'
		),
		array( 'attachment' => true )
	);
	$taxonomies = array_filter(
		get_taxonomies(
			array(
				'public'  => true,
				'show_ui' => true,
			),
			'objects'
		),
		static fn( $name ): bool => 1 === preg_match( NAME_PATTERN, $name ), // Shops name attributes in any script.
		ARRAY_FILTER_USE_KEY
	);

	/**
	 * Filters which post types are enabled before anybody has said otherwise at IGNY8.
	 *
	 * @param string[] $enabled Names of post types.
	 */
	$enabled_types = (array) apply_filters( 'igny8_enabled_post_types', array( 'post', 'page' ) );

	/**
	 * Filters which taxonomies are enabled before anybody has said otherwise at IGNY8.
	 *
	 * @param string[] $enabled Names of taxonomies.
	 */
	$enabled_taxonomies = (array) apply_filters( 'igny8_enabled_taxonomies', array( 'category', 'post_tag' ) );

	return array(
		'post_types'                => (object) array_map( static fn( WP_Post_Type $type ): array => describe_type( $type, $taxonomies, $enabled_types ), $types ),
		'taxonomies'                => (object) array_map( static fn( WP_Taxonomy $taxonomy ): array => describe_taxonomy( $taxonomy, $types, $enabled_taxonomies ), $taxonomies ),
		'site'                      => SiteFacts\describe(),
		'terms'                     => SiteFacts\terms(),
		'plugin_connection_enabled' => Connection\is_enabled(),
		'two_way_sync_enabled'      => Connection\wants_two_way(),
		'timestamp'                 => gmdate( 'Y-m-d\TH:i:s\Z' ),
	);
}

/**
 * A post type as the protocol shows it.
 *
 * @param WP_Post_Type               $type       The type.
 * @param array<string, WP_Taxonomy> $taxonomies The taxonomies that are listed.
 * @param string[]                   $enabled    The types that are enabled.
 * @return array<string, mixed>
 */
function describe_type( WP_Post_Type $type, array $taxonomies, array $enabled ): array {
	$counts = wp_count_posts( $type->name );
	return array(
		'label'        => label( $type->label ),
		'count'        => (int) ( $counts->publish ?? 0 ),
		'enabled'      => in_array( $type->name, $enabled, true ),
		'fetch_limit'  => FETCH_LIMIT,
		'hierarchical' => (bool) $type->hierarchical,
		'taxonomies'   => array_values( array_intersect( get_object_taxonomies( $type->name ), array_keys( $taxonomies ) ) ),
		'public'       => true,
	);
}

/**
 * A taxonomy as the protocol shows it.
 *
 * @param WP_Taxonomy                 $taxonomy The taxonomy.
 * @param array<string, WP_Post_Type> $types    The types that are listed.
 * @param string[]                    $enabled  The taxonomies that are enabled.
 * @return array<string, mixed>
 */
function describe_taxonomy( WP_Taxonomy $taxonomy, array $types, array $enabled ): array {
	$count = wp_count_terms(
		array(
			'taxonomy'   => $taxonomy->name,
			'hide_empty' => false,
		)
	);
	return array(
		'label'        => label( $taxonomy->label ),
		'count'        => is_wp_error( $count ) ? 0 : (int) $count,
		'enabled'      => in_array( $taxonomy->name, $enabled, true ),
		'fetch_limit'  => FETCH_LIMIT,
		'hierarchical' => (bool) $taxonomy->hierarchical,
		'post_types'   => array_values( array_intersect( (array) $taxonomy->object_type, array_keys( $types ) ) ),
	);
}

/**
 * A label as plain text, cut to what the engine takes.
 *
 * @param mixed $label What the plugin that made the type calls it.
 */
function label( $label ): string {
	return mb_substr( html_entity_decode( wp_strip_all_tags( is_string( $label ) ? $label : '' ), ENT_QUOTES, 'UTF-8' ), 0, LONGEST_TEXT );
}

/**
 * Pushes the structure to the engine; after a failure the next try is planned.
 *
 * @return string|null Null where it worked, else why not.
 */
function push(): ?string {
	if ( ! Connection\is_enabled() ) {
		return __( 'Sending to IGNY8 is switched off.', 'igny8-wp-bridge' );
	}
	$id      = integration_id();
	$answer  = null === $id ? null : Engine\ask( 'POST', LIST_PATH . rawurlencode( $id ) . '/update-structure/', gather() );
	$is_gone = null !== $answer && ! is_wp_error( $answer ) && 404 === $answer['status'];
	if ( null !== $answer && Engine\is_good( $answer ) ) {
		update_option( LAST_OPTION, time(), false );
		delete_option( FAILURES_OPTION );
		Connection\become_ready();
		note( 'Site structure synced successfully' );
		return null;
	}
	if ( $is_gone ) {
		delete_option( Engine\INTEGRATION_OPTION ); // The next try looks it up, or connects anew.
	}
	$why = null === $answer ? __( 'IGNY8 knows no integration for this site.', 'igny8-wp-bridge' ) : Engine\words( $answer );
	note( "Site structure was not synced: $why" );
	$failures = (int) get_option( FAILURES_OPTION, 0 ) + 1;
	update_option( FAILURES_OPTION, $failures, false );
	Cron\retry_structure( $failures );
	return $why;
}

/**
 * What cron does for the structure: an integration that is gone is connected anew first.
 */
function push_by_cron(): void {
	if ( ! Engine\is_known() ) {
		return;
	}
	if ( null === integration_id() && Connection\is_enabled() ) {
		Connection\connect(); // It pushes by itself.
		return;
	}
	push();
}

/**
 * The integration's id: the one that is kept, or what the engine says.
 */
function integration_id(): ?string {
	$kept = (string) get_option( Engine\INTEGRATION_OPTION, '' );
	if ( '' !== $kept ) {
		return $kept;
	}
	$answer = Engine\ask( 'GET', LIST_PATH . '?site=' . rawurlencode( (string) Engine\site_id() ) );
	if ( ! Engine\is_good( $answer ) ) {
		return null;
	}
	$list  = $answer['body']['results'] ?? ( $answer['body']['items'] ?? ( $answer['body']['data'] ?? $answer['body'] ) );
	$first = is_array( $list ) ? reset( $list ) : null;
	$found = is_array( $first ) ? ( $first['id'] ?? null ) : null;
	if ( ! is_int( $found ) && ! is_string( $found ) ) {
		return null;
	}
	update_option( Engine\INTEGRATION_OPTION, (string) $found );
	return (string) $found;
}

/**
 * Writes to WordPress's debug log, where that is on.
 *
 * @param string $line What to write.
 */
function note( string $line ): void {
	if ( defined( 'WP_DEBUG' ) && WP_DEBUG ) {
		error_log( "IGNY8: $line" ); // phpcs:ignore -- Only where the site's people asked for it.
	}
}
