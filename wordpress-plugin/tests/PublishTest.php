<?php
/**
 * The table of POST /publish, row by row.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

/**
 * One key, one post.
 */
final class PublishTest extends BridgeTestCase {

	/**
	 * Bodies that are not understood.
	 *
	 * @return array<string, array{0: string, 1: mixed, 2: string}>
	 */
	public function malformed_fields(): array {
		$missing = 'rest_missing_callback_param';
		$invalid = 'rest_invalid_param';
		return array(
			'no key'                => array( 'publication_key', null, $missing ),
			'no fence'              => array( 'fence', null, $missing ),
			'no revision'           => array( 'revision', null, $missing ),
			'no fingerprint'        => array( 'fingerprint', null, $missing ),
			'no content id'         => array( 'content_id', null, $missing ),
			'no title'              => array( 'title', null, $missing ),
			'no content'            => array( 'content_html', null, $missing ),
			'no status'             => array( 'status', null, $missing ),
			'key not a UUID'        => array( 'publication_key', 'abc', $invalid ),
			'fence a string'        => array( 'fence', '1', $invalid ),
			'fence negative'        => array( 'fence', -1, $invalid ),
			'revision a fraction'   => array( 'revision', 1.5, $invalid ),
			'revision zero'         => array( 'revision', 0, $invalid ),
			'fingerprint too short' => array( 'fingerprint', 'abc', $invalid ),
			'content id zero'       => array( 'content_id', 0, $invalid ),
			'title a number'        => array( 'title', 5, $invalid ),
			'content a list'        => array( 'content_html', array( 'x' ), $invalid ),
			'status unknown'        => array( 'status', 'private', $invalid ),
			'restore a string'      => array( 'restore', 'false', $invalid ),
			'category a number'     => array( 'categories', array( 1 ), $invalid ),
			'category too deep'     => array( 'categories', array( array( array( 'x' ) ) ), $invalid ),
			'tags a string'         => array( 'tags', 'a,b', $invalid ),
			'hash not hexadecimal'  => array( 'featured_image_hash', str_repeat( 'z', 64 ), $invalid ),
			'gallery of strings'    => array( 'gallery_images', array( 'x' ), $invalid ),
		);
	}

	/**
	 * A malformed body is refused and leaves nothing behind.
	 *
	 * @dataProvider malformed_fields
	 * @param string $field The field.
	 * @param mixed  $value Its value; null leaves it out.
	 * @param string $code  The error.
	 */
	public function test_malformed( string $field, $value, string $code ): void {
		$document = array_filter( array( $field => $value ) + $this->document(), static fn( $item ): bool => null !== $item );
		if ( null === $value ) {
			unset( $document[ $field ] );
		}
		$this->assert_refused( 400, $code, $this->publish( $document ) );
		$this->assertSame( '0', $this->scalar( 'SELECT COUNT(*) FROM {igny8_publications}' ) );
	}

	/**
	 * A body that is no object lacks every field.
	 */
	public function test_no_json(): void {
		$this->assert_refused( 400, 'rest_missing_callback_param', $this->send( 'POST', '/publish' ) );
	}

	/**
	 * Null, missing and unknown optional fields do no harm.
	 */
	public function test_optional_fields(): void {
		$document = array(
			'slug'    => null,
			'excerpt' => null,
			'novelty' => array( 'x' => 1 ),
		) + $this->document();
		unset( $document['tags'], $document['restore'] );
		$this->assertSame( 201, $this->publish( $document )->get_status() );
	}

	/**
	 * The headers must repeat the body.
	 */
	public function test_headers_disagree(): void {
		$document = $this->document();
		foreach ( array( 'Idempotency-Key', 'X-IGNY8-Fence' ) as $name ) {
			foreach ( array( '', '7' ) as $value ) {
				$this->assert_refused( 400, 'igny8_key_mismatch', $this->publish( $document, array( $name => $value ) ) );
			}
		}
		$this->assertSame( 0, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * A title of spaces is no title.
	 */
	public function test_empty_title(): void {
		foreach ( array( '', " \n\t " ) as $title ) {
			$this->assert_refused( 400, 'igny8_empty_title', $this->publish( $this->document( array( 'title' => $title ) ) ) );
		}
	}

	/**
	 * A new key makes a post, and the answer says all about it.
	 */
	public function test_new_key(): void {
		$document = $this->document( array( 'slug' => 'a-slug-of-ours' ) );
		$response = $this->publish( $document );
		$data     = $response->get_data();
		$post     = get_post( $data['post_id'] );

		$this->assertSame( 201, $response->get_status() );
		$this->assertSame(
			array(
				'publication_key' => $document['publication_key'],
				'state'           => 'done',
				'fence'           => 1,
				'revision'        => 1,
				'fingerprint'     => $document['fingerprint'],
				'content_id'      => $document['content_id'],
				'post_id'         => $post->ID,
				'post_url'        => get_permalink( $post ),
				'post_status'     => 'publish',
				'post_title'      => $document['title'],
				'modified_gmt'    => str_replace( ' ', 'T', $post->post_modified_gmt ) . 'Z',
				'images'          => array(),
			),
			$data
		);
		$this->assertSame( array( 'a-slug-of-ours', 'publish' ), array( $post->post_name, $post->post_status ) );
		$this->assertSame( 'administrator', get_userdata( (int) $post->post_author )->roles[0] );
	}

	/**
	 * A draft stays one until the engine says otherwise.
	 */
	public function test_draft(): void {
		$document = $this->document( array( 'status' => 'draft' ) );
		$post_id  = $this->publish_well( $document );
		$this->assertSame( 'draft', get_post_status( $post_id ) );

		$document['revision'] = 2;
		$document['status']   = 'publish';
		$this->assertSame( $post_id, $this->publish_well( $document ) );
		$this->assertSame( 'publish', get_post_status( $post_id ) );
		$this->assertNotSame( '0000-00-00 00:00:00', get_post( $post_id )->post_date_gmt );
	}

	/**
	 * The same again is answered, not done; the higher fence is remembered.
	 */
	public function test_replay(): void {
		$document = $this->document();
		$first    = $this->publish( $document )->get_data();
		wp_update_post(
			array(
				'ID'         => $first['post_id'],
				'post_title' => 'By an editor',
			)
		);
		$document['fence'] = 5;
		$again             = $this->publish( $document );

		$this->assertSame( array( 200, 'true' ), array( $again->get_status(), $again->get_headers()['Idempotent-Replayed'] ) );
		$this->assertSame( array( $first['post_id'], 5, 'By an editor' ), array( $again->get_data()['post_id'], $again->get_data()['fence'], $again->get_data()['post_title'] ) );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * An older claim must not write.
	 */
	public function test_stale_fence(): void {
		$document = $this->document( array( 'fence' => 3 ) );
		$this->publish_well( $document );
		$this->assert_refused(
			412,
			'igny8_stale_fence',
			$this->publish(
				array(
					'fence'    => 2,
					'revision' => 2,
				) + $document
			)
		);
	}

	/**
	 * An older revision must not write, whatever its fence.
	 */
	public function test_stale_revision(): void {
		$document = $this->document( array( 'revision' => 3 ) );
		$this->publish_well( $document );
		$this->assert_refused(
			412,
			'igny8_stale_revision',
			$this->publish(
				array(
					'fence'    => 9,
					'revision' => 2,
				) + $document
			)
		);
	}

	/**
	 * One revision cannot be two documents.
	 */
	public function test_fingerprint_mismatch(): void {
		$document = $this->document();
		$this->publish_well( $document );
		$other_text    = array( 'fingerprint' => str_repeat( 'b', 64 ) ) + $document;
		$other_content = array( 'content_id' => 999 ) + $document;
		$this->assert_refused( 422, 'igny8_fingerprint_mismatch', $this->publish( $other_text ) );
		$this->assert_refused( 422, 'igny8_fingerprint_mismatch', $this->publish( $other_content ) );
	}

	/**
	 * A content has one publication.
	 */
	public function test_content_exists(): void {
		$first    = $this->document();
		$post_id  = $this->publish_well( $first );
		$second   = $this->document( array( 'content_id' => $first['content_id'] ) );
		$response = $this->publish( $second );
		$this->assert_refused( 409, 'igny8_content_exists', $response );
		$this->assertSame( array( $first['publication_key'], $post_id ), array( $response->get_data()['data']['publication_key'], $response->get_data()['data']['post_id'] ) );
		$this->assertSame( 0, $this->count_posts( $second['publication_key'] ) );
	}

	/**
	 * A higher revision updates the same post.
	 */
	public function test_update(): void {
		$document = $this->document( array( 'slug' => 'before-the-update' ) );
		$post_id  = $this->publish_well( $document );
		$second   = array(
			'revision'     => 2,
			'fence'        => 2,
			'fingerprint'  => str_repeat( 'b', 64 ),
			'title'        => 'New title',
			'content_html' => '<p>New</p>',
			'excerpt'      => 'New excerpt',
			'slug'         => 'after-the-update',
		) + $document;
		$response = $this->publish( $second );
		$post     = get_post( $post_id );

		$this->assertSame( array( 200, 2 ), array( $response->get_status(), $response->get_data()['revision'] ) );
		$this->assertArrayNotHasKey( 'Idempotent-Replayed', $response->get_headers() );
		$this->assertSame(
			array( 'New title', '<p>New</p>', 'New excerpt', 'after-the-update' ),
			array( $post->post_title, $post->post_content, $post->post_excerpt, $post->post_name )
		);
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * WordPress refuses the post: the key is free again.
	 */
	public function test_write_failed(): void {
		$document = $this->document();
		add_filter( 'wp_insert_post_empty_content', '__return_true' );
		$this->assert_refused( 500, 'igny8_write_failed', $this->publish( $document ) );
		$this->assert_refused( 404, 'igny8_unknown_key', $this->send( 'GET', '/publications/' . $document['publication_key'] ) );

		remove_all_filters( 'wp_insert_post_empty_content' );
		$this->assertSame( 201, $this->publish( $document )->get_status() );
	}

	/**
	 * WordPress refuses the update: the row says what the site shows.
	 */
	public function test_update_failed(): void {
		$document = $this->document();
		$this->publish_well( $document );
		$second = array( 'revision' => 2 ) + $document;
		add_filter( 'wp_insert_post_empty_content', '__return_true' );
		$this->assert_refused( 500, 'igny8_write_failed', $this->publish( $second ) );
		$data = $this->send( 'GET', '/publications/' . $document['publication_key'] )->get_data();
		$this->assertSame( array( 'done', 1 ), array( $data['state'], $data['revision'] ) );

		remove_all_filters( 'wp_insert_post_empty_content' );
		$this->assertSame( 200, $this->publish( $second )->get_status() );
	}

	/**
	 * What another plugin throws before the text is written costs one attempt, and the next goes on from the draft.
	 */
	public function test_hook_that_throws(): void {
		$document = $this->document();
		$throw    = static function ( $post_id, $data ): void {
			if ( 'publish' === $data['post_status'] ) {
				throw new \RuntimeException( 'not mine' );
			}
		};
		add_action( 'pre_post_update', $throw, 10, 2 );
		$this->assert_refused( 500, 'igny8_write_failed', $this->publish( $document ) );
		remove_action( 'pre_post_update', $throw );
		$this->assertSame( 201, $this->publish( $document )->get_status() );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * Where a hook may throw when the text is stored.
	 *
	 * @return array<string, array{string}>
	 */
	public function late_hooks(): array {
		return array(
			'every save'         => array( 'save_post' ),
			'only when public'   => array( 'publish_post' ),
			'the very last hook' => array( 'wp_after_insert_post' ),
		);
	}

	/**
	 * What another plugin throws after the text is written changes nothing of what visitors see, nor of what we say.
	 *
	 * @dataProvider late_hooks
	 * @param string $hook The hook.
	 */
	public function test_hook_that_throws_late( string $hook ): void {
		$document = $this->document( array( 'tags' => array( 'Kept tag' ) ) );
		$second   = array(
			'revision'     => 2,
			'content_html' => '<p>New</p>',
		) + $document;
		$throw    = static function (): void {
			throw new \RuntimeException( 'not mine' );
		};
		add_action( $hook, $throw );
		$made    = $this->publish( $document );
		$updated = $this->publish( $second );
		remove_action( $hook, $throw );

		$this->assertSame( array( 201, 200 ), array( $made->get_status(), $updated->get_status() ) );
		$shown = $updated->get_data();
		$this->assertSame( array( 'done', 2, 'publish' ), array( $shown['state'], $shown['revision'], $shown['post_status'] ) );
		$this->assertSame( '<p>New</p>', get_post( $shown['post_id'] )->post_content );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * A hook on publishing sees the whole post.
	 */
	public function test_nobody_sees_half_a_post(): void {
		$seen = array();
		$look = static function ( $status, $old, $post ) use ( &$seen ): void {
			if ( 'publish' === $status && 'post' === $post->post_type ) {
				$seen[] = array( $old, wp_get_post_tags( $post->ID, array( 'fields' => 'names' ) ), get_post_meta( $post->ID, '_igny8_seo_title', true ) );
			}
		};
		add_action( 'transition_post_status', $look, 10, 3 );
		$document = $this->document(
			array(
				'tags'      => array( 'Seen tag' ),
				'seo_title' => 'Seen title',
			)
		);
		$this->publish_well( $document );
		remove_action( 'transition_post_status', $look, 10 );
		$this->assertSame( array( array( 'draft', array( 'Seen tag' ), 'Seen title' ) ), $seen );
	}
}
