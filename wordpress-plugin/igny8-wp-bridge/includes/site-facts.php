<?php
/**
 * What the site tells of itself, and its categories and tags.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\SiteFacts;

use Igny8\Bridge;
use Igny8\Bridge\Structure;
use WP_Term;

const MOST_TERMS = 500;

/**
 * Name, language, versions and theme of the site, as plain text.
 *
 * @return array<string, mixed>
 */
function describe(): array {
	$theme = wp_get_theme();
	return array(
		'name'              => Structure\label( get_bloginfo( 'name' ) ),
		'description'       => Structure\label( get_bloginfo( 'description' ) ),
		'url'               => home_url(),
		'language'          => Structure\label( get_bloginfo( 'language' ) ),
		'timezone'          => wp_timezone_string(),
		'wordpress_version' => Structure\label( get_bloginfo( 'version' ) ),
		'php_version'       => PHP_VERSION,
		'plugin_version'    => Bridge\VERSION,
		'theme'             => array(
			'name'    => Structure\label( $theme->get( 'Name' ) ),
			'version' => Structure\label( $theme->get( 'Version' ) ),
		),
	);
}

/**
 * The most used categories and tags: a list, whatever another plugin's filter has made of it.
 *
 * @return array<string, array<int, array<string, mixed>>> By taxonomy, at most MOST_TERMS of each.
 */
function terms(): array {
	$listed = array();
	foreach ( array( 'category', 'post_tag' ) as $taxonomy ) {
		$found               = get_terms(
			array(
				'taxonomy'   => $taxonomy,
				'hide_empty' => false,
				'orderby'    => 'count',
				'order'      => 'DESC',
				'number'     => MOST_TERMS,
			)
		);
		$terms               = array_filter( is_array( $found ) ? $found : array(), static fn( $term ): bool => $term instanceof WP_Term );
		$listed[ $taxonomy ] = array_map( __NAMESPACE__ . '\\describe_term', array_slice( array_values( $terms ), 0, MOST_TERMS ) );
	}
	return $listed;
}

/**
 * A term as the protocol shows it.
 *
 * @param WP_Term $term The term.
 * @return array<string, mixed>
 */
function describe_term( WP_Term $term ): array {
	return array(
		'id'        => $term->term_id,
		'name'      => Structure\label( $term->name ),
		'slug'      => $term->slug,
		'parent_id' => $term->parent > 0 ? $term->parent : null,
		'count'     => $term->count,
	);
}
