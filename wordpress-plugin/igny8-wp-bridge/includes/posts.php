<?php
/**
 * The post of a publication.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\Carriers;
use Igny8\Bridge\Database;
use Igny8\Bridge\Drafts;
use Igny8\Bridge\Gallery;
use Igny8\Bridge\LateHooks;
use Igny8\Bridge\Locks;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use RuntimeException;
use WP_Error;
use WP_Post;

const KEY_META = '_igny8_publication_key';

/**
 * Finds the post that carries a key, in whatever status.
 *
 * Values of fields have no index: the posts that are noted are asked first, and of the others only those
 * whose field is newer than the last note.
 *
 * @param string $key The publication key.
 * @return int Its id, 0 where there is none.
 * @throws RuntimeException The database could not be read.
 */
function find_by_key( string $key ): int {
	global $wpdb;
	$noted = find_noted( $key );
	if ( null !== $noted && $noted > 0 ) {
		return $noted;
	}
	$found = Database\read(
		$wpdb->prepare(
			"SELECT p.ID FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id
			WHERE m.meta_key = %s AND m.meta_value = %s AND m.meta_id > %d AND p.post_type = 'post' ORDER BY p.ID LIMIT 1",
			KEY_META,
			$key,
			null === $noted ? 0 : Carriers\noted_upto()
		)
	);
	return (int) ( $found[0]['ID'] ?? 0 );
}

/**
 * Finds the post that is noted as one that carries a key, and still does.
 *
 * @param string $key The publication key.
 * @return int|null Its id, 0 where none is noted; null where there were no notes at all.
 * @throws RuntimeException The database could not be read.
 */
function find_noted( string $key ): ?int {
	global $wpdb;
	$carriers = Database\carriers_table();
	try {
		$found = Database\read(
			$wpdb->prepare(
				"SELECT p.ID FROM $carriers c JOIN {$wpdb->postmeta} m ON m.post_id = c.post_id JOIN {$wpdb->posts} p ON p.ID = c.post_id
				WHERE c.publication_key = %s AND m.meta_key = %s AND m.meta_value = %s AND p.post_type = 'post' ORDER BY p.ID LIMIT 1",
				$key,
				KEY_META,
				$key
			)
		);
	} catch ( RuntimeException $failed ) {
		if ( Database\has_tables() ) {
			throw $failed;
		}
		Database\install();
		return null;
	}
	return (int) ( $found[0]['ID'] ?? 0 );
}

/**
 * Finds posts, and tells none from a database that did not answer: WordPress returns the same for both.
 *
 * @param int[] $post_ids Post ids.
 * @return array<int, WP_Post> By id, only those that are there.
 * @throws RuntimeException The database could not be read.
 */
function find_many( array $post_ids ): array {
	global $wpdb;
	$post_ids = array_unique( array_filter( $post_ids ) ); // get_post( 0 ) is whatever is being shown.
	foreach ( $post_ids as $post_id ) {
		wp_cache_delete( $post_id, 'posts' ); // A cache that outlives requests may keep what was trashed behind its back.
	}
	_prime_post_caches( $post_ids );
	$posts   = array_filter( array_combine( $post_ids, array_map( 'get_post', $post_ids ) ) );
	$missing = implode( ', ', array_diff( $post_ids, array_keys( $posts ) ) );
	if ( '' !== $missing && array() !== Database\read( "SELECT ID FROM {$wpdb->posts} WHERE ID IN ($missing)" ) ) {
		throw new RuntimeException( 'A post that is there could not be read.' );
	}
	return $posts;
}

/**
 * Finds one post.
 *
 * @param int $post_id The post id, 0 for none.
 * @throws RuntimeException The database could not be read.
 */
function find( int $post_id ): ?WP_Post {
	return find_many( array( $post_id ) )[ $post_id ] ?? null;
}

/**
 * The post a row names; of a request that died, the draft it left behind.
 *
 * A finished row is taken at its word: plugins that copy posts copy the key too.
 *
 * @param array<string, mixed> $row The row.
 * @return int A post id, perhaps of a deleted post; 0 where there never was one.
 * @throws RuntimeException The database could not be read.
 */
function find_of_row( array $row ): int {
	$is_there = $row['post_id'] > 0 && 'gone' !== state_of( $row['post_id'] );
	if ( $is_there || Reservations\DONE === $row['state'] ) {
		return $row['post_id'];
	}
	$found = find_by_key( $row['publication_key'] );
	if ( 0 === $found && 0 !== $row['done_at'] ) {
		return $row['post_id'];
	}
	return $found;
}

/**
 * The status of a post, or `gone`.
 *
 * @param int $post_id The post id.
 * @throws RuntimeException The database could not be read.
 */
function state_of( int $post_id ): string {
	$post = find( $post_id );
	return null === $post ? 'gone' : $post->post_status;
}

/**
 * Whether the database, and not just a cache, has a post.
 *
 * @param int $post_id The post id.
 * @throws RuntimeException The database could not be read.
 */
function is_stored( int $post_id ): bool {
	global $wpdb;
	return array() !== Database\read( $wpdb->prepare( "SELECT ID FROM {$wpdb->posts} WHERE ID = %d", $post_id ) );
}

/**
 * Whether the database has the key of a publication with a post.
 *
 * @param int    $post_id The post id.
 * @param string $key     The publication key.
 * @throws RuntimeException The database could not be read.
 */
function carries( int $post_id, string $key ): bool {
	global $wpdb;
	return array() !== Database\read(
		$wpdb->prepare(
			"SELECT meta_id FROM {$wpdb->postmeta} WHERE post_id = %d AND meta_key = %s AND meta_value = %s",
			$post_id,
			KEY_META,
			$key
		)
	);
}

/**
 * Sees to it that there is a post outside the trash to work on.
 *
 * @param array<string, mixed> $row      Our row; its post_id follows.
 * @param array<string, mixed> $document The document.
 */
function ensure( array &$row, array $document ): ?WP_Error {
	$state = 0 === $row['post_id'] ? 'gone' : state_of( $row['post_id'] );
	if ( 'gone' === $state ) {
		return Drafts\create( $row, $document );
	}
	if ( 'trash' === $state && ! wp_untrash_post( $row['post_id'] ) ) {
		return Replies\write_failed( 'The post could not be taken out of the trash.' );
	}
	return null;
}

/**
 * Gives the post its final text and status.
 *
 * Two posts that become public at once could get the same slug, so the posts that
 * want one slug wait for each other.
 *
 * @param int                              $post_id  The post id.
 * @param array<string, mixed>             $document The document.
 * @param array<int, array<string, mixed>> $images   What became of the images.
 */
function complete( int $post_id, array $document, array $images ): ?WP_Error {
	$fields = array(
		'ID'           => $post_id,
		'post_title'   => $document['title'],
		'post_content' => Gallery\append( $document['content_html'], Gallery\block( $images ) ),
		'post_excerpt' => $document['excerpt'],
		'post_status'  => $document['status'],
	);
	if ( '' !== $document['slug'] ) {
		$fields['post_name'] = $document['slug'];
	}

	$slug   = sanitize_title( '' === $document['slug'] ? $document['title'] : $document['slug'] );
	$result = Locks\with_lock( 'slug_' . md5( $slug ), static fn() => update( $fields ) );
	return is_wp_error( $result ) ? $result : null;
}

/**
 * Shows the images that were missing, unless an editor has taken the gallery away.
 *
 * @param int                              $post_id The post id.
 * @param array<int, array<string, mixed>> $before  The images as they were.
 * @param array<int, array<string, mixed>> $now     The images as they are.
 */
function update_gallery( int $post_id, array $before, array $now ): ?WP_Error {
	clean_post_cache( $post_id ); // Images take their time: an editor may have saved meanwhile.
	$content = get_post( $post_id )->post_content;
	$changed = Gallery\swap( $content, Gallery\block( $before ), Gallery\block( $now ) );
	if ( $changed === $content ) {
		return null;
	}
	kses_remove_filters(); // The rest is the editor's, who may be allowed more than we are.
	try {
		return update(
			array(
				'ID'           => $post_id,
				'post_content' => $changed,
			)
		);
	} finally {
		kses_init();
	}
}

/**
 * Updates a post.
 *
 * @param array<string, mixed> $fields The fields, not slashed.
 */
function update( array $fields ): ?WP_Error {
	$result = LateHooks\update( $fields['ID'], static fn() => wp_update_post( wp_slash( $fields ), true ) );
	if ( is_wp_error( $result ) ) {
		return Replies\write_failed( $result->get_error_message() );
	}
	return 0 === $result ? Replies\write_failed( 'The post was not updated.' ) : null;
}
