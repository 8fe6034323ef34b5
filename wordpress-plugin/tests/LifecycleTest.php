<?php
/**
 * Posts that people trashed or deleted, and requests that died.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Claims;
use Igny8\Bridge\Drafts;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Reservations;

/**
 * What happens to a publication besides being published.
 */
final class LifecycleTest extends BridgeTestCase {

	/**
	 * A trashed post is left there, at the same and at a higher revision.
	 */
	public function test_trashed(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		wp_trash_post( $post_id );
		foreach ( array( 1, 2 ) as $revision ) {
			$response = $this->publish( array( 'revision' => $revision ) + $document );
			$this->assert_refused( 409, 'igny8_post_trashed', $response );
			$this->assertSame( array( $post_id, 'trash' ), array( $response->get_data()['data']['post_id'], $response->get_data()['data']['post_status'] ) );
		}
		$this->assertSame( 'trash', get_post_status( $post_id ) );
	}

	/**
	 * Unless the engine is told to restore it.
	 */
	public function test_restore_of_a_trashed_post(): void {
		$document = $this->document( array( 'slug' => 'back-from-the-trash' ) );
		$post_id  = $this->publish_well( $document );
		wp_trash_post( $post_id );
		$response = $this->publish( array( 'restore' => true ) + $document );
		$this->assertSame( array( 200, $post_id ), array( $response->get_status(), $response->get_data()['post_id'] ) );
		$this->assertSame( array( 'publish', 'back-from-the-trash' ), array( get_post_status( $post_id ), get_post( $post_id )->post_name ) );
		$this->assertArrayNotHasKey( 'Idempotent-Replayed', $response->get_headers() );
	}

	/**
	 * A deleted post is not made again.
	 */
	public function test_gone(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		wp_delete_post( $post_id, true );
		foreach ( array( 1, 2 ) as $revision ) {
			$response = $this->publish( array( 'revision' => $revision ) + $document );
			$this->assert_refused( 409, 'igny8_post_gone', $response );
			$this->assertSame( array( $post_id, 'gone', null ), array( $response->get_data()['data']['post_id'], $response->get_data()['data']['post_status'], $response->get_data()['data']['post_url'] ) );
		}
	}

	/**
	 * Unless the engine is told to restore it.
	 */
	public function test_restore_of_a_deleted_post(): void {
		$document = $this->document();
		$old      = $this->publish_well( $document );
		wp_delete_post( $old, true );
		$response = $this->publish( array( 'restore' => true ) + $document );
		$this->assertSame( 201, $response->get_status() );
		$this->assertGreaterThan( $old, $response->get_data()['post_id'] );
		$this->assertSame( 200, $this->publish( $document )->get_status() );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * A copy that an editor makes of the post is not the post.
	 */
	public function test_copied_post(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		$copy     = wp_insert_post(
			array(
				'post_title' => 'Copy',
				'meta_input' => array( Posts\KEY_META => $document['publication_key'] ),
			)
		);
		wp_delete_post( $post_id, true );
		$this->assert_refused( 409, 'igny8_post_gone', $this->publish( $document ) );
		$restored = $this->publish( array( 'restore' => true ) + $document );
		$this->assertSame( 201, $restored->get_status() );
		$this->assertNotSame( $copy, $restored->get_data()['post_id'] );
		$this->assertSame( 'Copy', get_post( $copy )->post_title );
	}

	/**
	 * Another request is at work.
	 */
	public function test_in_progress(): void {
		$document = $this->document();
		$this->assertTrue( Reservations\insert( Claims\new_row( $document ) ) );
		$response = $this->publish( $document );
		$this->assert_refused( 409, 'igny8_in_progress', $response );
		$this->assertSame( '2', $response->get_headers()['Retry-After'] );

		$known = $this->send( 'GET', '/publications/' . $document['publication_key'] )->get_data();
		$this->assertSame( array( 'in_progress', null, null ), array( $known['state'], $known['post_id'], $known['post_status'] ) );
	}

	/**
	 * A stale fence is told so even while another request is at work.
	 */
	public function test_stale_fence_while_in_progress(): void {
		$document = $this->document( array( 'fence' => 2 ) );
		Reservations\insert( Claims\new_row( $document ) );
		$this->assert_refused( 412, 'igny8_stale_fence', $this->publish( array( 'fence' => 1 ) + $document ) );
	}

	/**
	 * How far a request may have come before it died.
	 *
	 * @return array<string, array{0: bool, 1: bool}>
	 */
	public function deaths(): array {
		return array(
			'before the draft'                 => array( false, false ),
			'between the draft and the row'    => array( true, false ),
			'after the draft is in the row'    => array( true, true ),
		);
	}

	/**
	 * After 120 seconds its successor goes on from what it left.
	 *
	 * @dataProvider deaths
	 * @param bool $has_draft    Whether it made the draft.
	 * @param bool $is_in_row    Whether it wrote the draft's id down.
	 */
	public function test_take_over( bool $has_draft, bool $is_in_row ): void {
		$document = $this->document();
		$row      = Claims\new_row( $document );
		$draft    = 0;
		if ( $has_draft ) {
			$draft = wp_insert_post(
				array(
					'post_title' => 'Half',
					'meta_input' => array( Posts\KEY_META => $document['publication_key'] ),
				)
			);
		}
		$row['post_id']     = $is_in_row ? $draft : 0;
		$row['reserved_at'] = time() - Reservations\STALE_SECONDS;
		Reservations\insert( $row );

		$response = $this->publish( array( 'fence' => 2 ) + $document );
		$this->assertSame( 201, $response->get_status() );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
		if ( $has_draft ) {
			$this->assertSame( $draft, $response->get_data()['post_id'] );
		}
		$this->assertSame( array( 'publish', $document['title'] ), array( get_post_status( $response->get_data()['post_id'] ), get_the_title( $response->get_data()['post_id'] ) ) );
	}

	/**
	 * A request that died while the clock was ahead keeps its key no longer than any other.
	 */
	public function test_takeover_after_a_clock_went_back(): void {
		$document           = $this->document();
		$row                = Claims\new_row( $document );
		$row['reserved_at'] = time() + DAY_IN_SECONDS;
		Reservations\insert( $row );
		$this->assertSame( 201, $this->publish( array( 'fence' => 2 ) + $document )->get_status() );
	}

	/**
	 * Who was taken over cannot write any more.
	 */
	public function test_taken_over_request_cannot_write(): void {
		$document           = $this->document();
		$row                = Claims\new_row( $document );
		$row['reserved_at'] = time() - Reservations\STALE_SECONDS;
		Reservations\insert( $row );
		$this->publish_well( array( 'fence' => 2 ) + $document );

		$this->assertSame( 'igny8_in_progress', Drafts\create( $row, $document )->get_error_code() );
		$this->assertFalse( Reservations\renew( $row ) );
		Reservations\release( $row, null );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
		$this->assertSame( 200, $this->publish( array( 'fence' => 2 ) + $document )->get_status() );
	}

	/**
	 * Nor while its successor is still at work.
	 */
	public function test_taken_over_request_cannot_write_meanwhile(): void {
		$document           = $this->document();
		$row                = Claims\new_row( $document );
		$row['reserved_at'] = time() - Reservations\STALE_SECONDS;
		Reservations\insert( $row );
		$successor = Reservations\claim( $row, $document, $row['done_at'] );

		$this->assertSame( 'igny8_in_progress', Reservations\claim( $row, $document, $row['done_at'] )->get_error_code() );
		$this->assertSame( 'igny8_in_progress', Drafts\create( $row, $document )->get_error_code() );
		$this->assertFalse( Reservations\renew( $row ) );
		Reservations\release( $row, null );
		$this->assertSame( 0, $this->count_posts( $document['publication_key'] ) );
		$this->assertNull( Drafts\create( $successor, $document ) );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * A plugin that was deleted and installed again knows its posts.
	 */
	public function test_lost_tables(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		$this->scalar( 'DROP TABLE {igny8_publications}' );

		$response = $this->publish( array( 'revision' => 2 ) + $document );
		$this->assertSame( array( 200, $post_id ), array( $response->get_status(), $response->get_data()['post_id'] ) );
	}

	/**
	 * One key is looked up.
	 */
	public function test_look_up_one(): void {
		$document  = $this->document();
		$published = $this->publish( $document )->get_data();
		$this->assertSame( $published, $this->send( 'GET', '/publications/' . $document['publication_key'] )->get_data() );
		$this->assert_refused( 404, 'igny8_unknown_key', $this->send( 'GET', '/publications/' . wp_generate_uuid4() ) );
		$this->assert_refused( 404, 'igny8_unknown_key', $this->send( 'GET', '/publications/nonsense' ) );
	}

	/**
	 * Many keys are looked up; unknown ones are left out.
	 */
	public function test_look_up_many(): void {
		$first  = $this->document();
		$second = $this->document();
		$this->publish_well( $first );
		$this->publish_well( $second );
		wp_trash_post( $this->send( 'GET', '/publications/' . $second['publication_key'] )->get_data()['post_id'] );

		$keys  = array( $first['publication_key'], wp_generate_uuid4(), $second['publication_key'] );
		$found = $this->send( 'GET', '/publications', array( 'keys' => implode( ',', $keys ) ) )->get_data()['publications'];
		$found = array_column( $found, 'post_status', 'publication_key' );
		$this->assertEquals(
			array(
				$first['publication_key']  => 'publish',
				$second['publication_key'] => 'trash',
			),
			$found
		);
	}

	/**
	 * Fifty keys at most, and at least one.
	 */
	public function test_limits_of_look_up(): void {
		$keys = array();
		while ( count( $keys ) < 51 ) {
			$keys[] = wp_generate_uuid4();
		}
		$this->assert_refused( 400, 'rest_invalid_param', $this->send( 'GET', '/publications', array( 'keys' => implode( ',', $keys ) ) ) );
		$this->assert_refused( 400, 'rest_missing_callback_param', $this->send( 'GET', '/publications' ) );
		array_pop( $keys );
		$this->assertSame( array( 'publications' => array() ), $this->send( 'GET', '/publications', array( 'keys' => implode( ',', $keys ) ) )->get_data() );
	}
}
