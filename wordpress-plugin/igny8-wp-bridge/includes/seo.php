<?php
/**
 * Title and description for search engines.
 *
 * They are kept in our own fields, and in those of the SEO plugin where one is
 * active. Where none is, we print them.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Seo;

const TITLE_META       = '_igny8_seo_title';
const DESCRIPTION_META = '_igny8_seo_description';

const PLUGIN_FIELDS = array(
	'yoast'     => array(
		'title'       => '_yoast_wpseo_title',
		'description' => '_yoast_wpseo_metadesc',
		'keyword'     => '_yoast_wpseo_focuskw',
	),
	'rank_math' => array(
		'title'       => 'rank_math_title',
		'description' => 'rank_math_description',
		'keyword'     => 'rank_math_focus_keyword',
	),
	'aioseo'    => array(
		'title'       => '_aioseo_title',
		'description' => '_aioseo_description',
		'keyword'     => '_aioseo_keywords',
	),
);

/**
 * Hooks what prints on the front end.
 */
function setup(): void {
	add_filter( 'pre_get_document_title', __NAMESPACE__ . '\\filter_title' );
	add_action( 'wp_head', __NAMESPACE__ . '\\print_description', 1 );
}

/**
 * The active SEO plugin.
 *
 * @return string|null yoast, rank_math, aioseo or null.
 */
function active_plugin(): ?string {
	$constants = array(
		'yoast'     => 'WPSEO_VERSION',
		'rank_math' => 'RANK_MATH_VERSION',
		'aioseo'    => 'AIOSEO_VERSION',
	);
	$active    = key( array_filter( $constants, 'defined' ) );

	/**
	 * Filters which SEO plugin the bridge writes for.
	 *
	 * @param string|null $active yoast, rank_math, aioseo or null.
	 */
	$active = apply_filters( 'igny8_seo_plugin', $active );
	return isset( PLUGIN_FIELDS[ (string) $active ] ) ? $active : null;
}

/**
 * Keeps title, description and keyword of a document.
 *
 * An empty value clears our own field, and leaves alone what an editor may have
 * written into the SEO plugin's.
 *
 * @param int                  $post_id  The post id.
 * @param array<string, mixed> $document The document.
 */
function save( int $post_id, array $document ): void {
	$title       = sanitize_text_field( $document['seo_title'] );
	$description = sanitize_text_field( $document['seo_description'] );
	keep( $post_id, TITLE_META, $title );
	keep( $post_id, DESCRIPTION_META, $description );

	$plugin = active_plugin();
	if ( null === $plugin ) {
		return;
	}
	$values = array(
		'title'       => $title,
		'description' => $description,
		'keyword'     => sanitize_text_field( $document['primary_keyword'] ),
	);
	foreach ( array_filter( $values, 'strlen' ) as $name => $value ) {
		keep( $post_id, PLUGIN_FIELDS[ $plugin ][ $name ], $value );
	}
}

/**
 * Writes a field, or removes it where the value is empty.
 *
 * @param int    $post_id The post id.
 * @param string $field   The meta key.
 * @param string $value   The value.
 */
function keep( int $post_id, string $field, string $value ): void {
	if ( '' === $value ) {
		delete_post_meta( $post_id, $field );
	} else {
		update_post_meta( $post_id, $field, wp_slash( $value ) );
	}
}

/**
 * One of our fields, of the post that is being shown.
 *
 * @param string $field The meta key.
 * @return string Empty where there is none, or an SEO plugin prints its own.
 */
function value_to_print( string $field ): string {
	if ( ! is_singular( 'post' ) || null !== active_plugin() ) {
		return '';
	}
	return (string) get_post_meta( get_queried_object_id(), $field, true );
}

/**
 * Replaces the title of the document.
 *
 * @param mixed $title What other plugins made of it.
 * @return mixed
 */
function filter_title( $title ) {
	$ours = value_to_print( TITLE_META );
	return '' === $ours ? $title : esc_html( $ours ); // WordPress prints it as it is.
}

/**
 * Prints the description.
 */
function print_description(): void {
	$description = value_to_print( DESCRIPTION_META );
	if ( '' !== $description ) {
		printf( '<meta name="description" content="%s" />' . "\n", esc_attr( $description ) );
	}
}
