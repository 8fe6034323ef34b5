<?php
/**
 * Reads what POST /publish was sent.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Document;

use Igny8\Bridge\Body;
use Igny8\Bridge\Replies;
use WP_Error;
use WP_REST_Request;

const REQUIRED = array(
	'publication_key' => 'uuid',
	'fence'           => 'count',
	'revision'        => 'id',
	'fingerprint'     => 'sha256',
	'content_id'      => 'id',
	'title'           => 'text',
	'content_html'    => 'text',
	'status'          => 'status',
);

const OPTIONAL = array(
	'excerpt'                => 'text',
	'slug'                   => 'text',
	'restore'                => 'bool',
	'seo_title'              => 'text',
	'seo_description'        => 'text',
	'primary_keyword'        => 'text',
	'secondary_keywords'     => 'texts',
	'categories'             => 'term path',
	'tags'                   => 'texts',
	'featured_image_url'     => 'text',
	'featured_image_hash'    => 'sha256',
	'featured_image_alt'     => 'text',
	'featured_image_caption' => 'text',
	'gallery_images'         => 'images',
);

const DEFAULTS = array(
	'excerpt'                => '',
	'slug'                   => '',
	'restore'                => false,
	'seo_title'              => '',
	'seo_description'        => '',
	'primary_keyword'        => '',
	'secondary_keywords'     => array(),
	'categories'             => array(),
	'tags'                   => array(),
	'featured_image_url'     => '',
	'featured_image_hash'    => '',
	'featured_image_alt'     => '',
	'featured_image_caption' => '',
	'gallery_images'         => array(),
);

/**
 * Reads and checks the body and the two headers that repeat it.
 *
 * @param WP_REST_Request $request The request.
 * @return array<string, mixed>|WP_Error Every field of the protocol, with its default where it was missing or null.
 */
function read( WP_REST_Request $request ) {
	$body = $request->get_json_params();
	$body = is_array( $body ) ? $body : array();

	$error = Body\check( $body, REQUIRED, OPTIONAL );
	if ( null !== $error ) {
		return $error;
	}
	if ( ! headers_agree( $request, $body ) ) {
		return Replies\error( 'igny8_key_mismatch', 400, 'Idempotency-Key and X-IGNY8-Fence must repeat the body.' );
	}
	if ( '' === trim( wp_strip_all_tags( $body['title'] ) ) ) {
		return Replies\error( 'igny8_empty_title', 400, 'The title is empty.' );
	}

	$sent     = array_filter( $body, static fn( $value ): bool => null !== $value );
	$document = array_intersect_key( $sent, REQUIRED ) + array_intersect_key( $sent, DEFAULTS ) + DEFAULTS;
	foreach ( array( 'publication_key', 'fingerprint', 'featured_image_hash' ) as $name ) {
		$document[ $name ] = strtolower( $document[ $name ] );
	}
	return $document;
}

/**
 * Whether the headers name the same publication and the same claim as the body.
 *
 * @param WP_REST_Request      $request The request.
 * @param array<string, mixed> $body    The checked body.
 */
function headers_agree( WP_REST_Request $request, array $body ): bool {
	return 0 === strcasecmp( $body['publication_key'], (string) $request->get_header( 'Idempotency-Key' ) )
		&& (string) $body['fence'] === $request->get_header( 'X-IGNY8-Fence' );
}

/**
 * The images a document names, the featured one first.
 *
 * @param array<string, mixed> $document The document.
 * @return array<int, array{role: string, hash: string, url: string, alt: string, caption: string}>
 */
function images( array $document ): array {
	$images = array();
	if ( '' !== $document['featured_image_hash'] || '' !== $document['featured_image_url'] ) {
		$images[] = array(
			'role'    => 'featured',
			'hash'    => $document['featured_image_hash'],
			'url'     => $document['featured_image_url'],
			'alt'     => $document['featured_image_alt'],
			'caption' => $document['featured_image_caption'],
		);
	}
	foreach ( $document['gallery_images'] as $image ) {
		$images[] = array(
			'role'    => 'gallery',
			'hash'    => strtolower( $image['hash'] ?? '' ),
			'url'     => $image['url'] ?? '',
			'alt'     => $image['alt'] ?? '',
			'caption' => $image['caption'] ?? '',
		);
	}
	return $images;
}
