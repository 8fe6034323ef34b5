<?php
/**
 * The gallery at the end of a post.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Gallery;

const PATTERN = '#<!-- wp:gallery \{[^}]*"className":"igny8-gallery"[^}]*\} -->.*?<!-- /wp:gallery -->#s';

/**
 * The gallery block of the attached gallery images.
 *
 * @param array<int, array<string, mixed>> $images Reports, as images.php makes them.
 * @return string Empty where no gallery image is attached.
 */
function block( array $images ): string {
	$items = '';
	foreach ( $images as $image ) {
		if ( 'gallery' === $image['role'] && 'attached' === $image['status'] ) {
			$items .= item( $image );
		}
	}
	if ( '' === $items ) {
		return '';
	}
	return '<!-- wp:gallery {"linkTo":"none","className":"igny8-gallery"} -->' . "\n"
		. '<figure class="wp-block-gallery has-nested-images columns-default is-cropped igny8-gallery">' . $items . '</figure>' . "\n"
		. '<!-- /wp:gallery -->';
}

/**
 * The block of one image.
 *
 * @param array<string, mixed> $image Its report.
 */
function item( array $image ): string {
	$id      = (int) $image['attachment_id'];
	$src     = wp_get_attachment_image_url( $id, 'large' );
	$caption = '' === $image['caption'] ? '' : '<figcaption class="wp-element-caption">' . esc_html( $image['caption'] ) . '</figcaption>';
	return sprintf(
		'<!-- wp:image {"id":%1$d,"sizeSlug":"large","linkDestination":"none"} -->' . "\n"
		. '<figure class="wp-block-image size-large"><img src="%2$s" alt="%3$s" class="wp-image-%1$d"/>%4$s</figure>' . "\n"
		. '<!-- /wp:image -->',
		$id,
		esc_url( $src ? $src : $image['media_url'] ),
		esc_attr( $image['alt'] ),
		$caption
	);
}

/**
 * Puts a gallery at the end of a text.
 *
 * @param string $content The text.
 * @param string $block   The gallery, perhaps empty.
 */
function append( string $content, string $block ): string {
	return '' === $block ? $content : $content . "\n\n" . $block;
}

/**
 * Exchanges the gallery in a text that an editor may have changed.
 *
 * @param string $content The text as it is.
 * @param string $before  The gallery we put there, perhaps empty.
 * @param string $now     The gallery it should have.
 */
function swap( string $content, string $before, string $now ): string {
	if ( $before === $now ) {
		return $content;
	}
	if ( '' === $before ) {
		return append( $content, $now );
	}
	return preg_replace_callback( PATTERN, static fn(): string => $now, $content, 1 ) ?? $content;
}
