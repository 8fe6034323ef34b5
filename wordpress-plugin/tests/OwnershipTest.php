<?php
/**
 * A request that sleeps so long that another one takes its publication over.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Ownership;
use Igny8\Bridge\Reservations;

/**
 * The sleeper carries revision 1, who takes over revision 2: a process of its own, through the site's web server.
 */
final class OwnershipTest extends BridgeTestCase {

	/**
	 * The revision of the sleeper.
	 *
	 * @var array<string, mixed>
	 */
	private $first;

	/**
	 * The revision of who takes over.
	 *
	 * @var array<string, mixed>
	 */
	private $second;

	/**
	 * Whether the sleeper has slept.
	 *
	 * @var bool
	 */
	private $has_slept;

	/**
	 * Two revisions that differ in every part.
	 */
	protected function setUp(): void {
		parent::setUp();
		$this->has_slept = false;
		$this->first     = $this->document(
			array(
				'title'           => 'First',
				'content_html'    => '<p>First</p>',
				'tags'            => array( 'first tag' ),
				'seo_title'       => 'First for search engines',
				'seo_description' => 'First',
			)
		);
		$picture         = $this->picture();
		$this->assertSame( 201, $this->push( $picture )->get_status() );
		$this->first['featured_image_hash'] = hash( 'sha256', $picture );

		$this->second = array(
			'fence'               => 2,
			'revision'            => 2,
			'fingerprint'         => str_repeat( 'b', 64 ),
			'title'               => 'Second',
			'content_html'        => '<p>Second</p>',
			'tags'                => array( 'second tag' ),
			'seo_title'           => 'Second for search engines',
			'seo_description'     => 'Second',
			'featured_image_hash' => null,
		) + $this->first;
	}

	/**
	 * Sleeps once, past the time after which the other takes over, and lets it do its work.
	 */
	private function sleep(): void {
		if ( $this->has_slept ) {
			return;
		}
		$this->has_slept = true;
		$this->scalar( 'UPDATE {igny8_publications} SET reserved_at = reserved_at - ' . Reservations\STALE_SECONDS );
		$answer = wp_remote_post(
			getenv( 'IGNY8_TEST_URL' ) . '/?rest_route=/igny8/v1/publish',
			array(
				'timeout' => 60,
				'body'    => wp_json_encode( $this->second ),
				'headers' => array(
					'X-IGNY8-API-Key' => self::KEY,
					'Content-Type'    => 'application/json',
					'Idempotency-Key' => $this->second['publication_key'],
					'X-IGNY8-Fence'   => '2',
				),
			)
		);
		$this->assertContains( wp_remote_retrieve_response_code( $answer ), array( 200, 201 ), wp_remote_retrieve_body( $answer ) );
	}

	/**
	 * Sends the first revision, which sleeps at a hook.
	 *
	 * @param string   $hook     The hook.
	 * @param callable $is_there Gets the hook's arguments, and says whether this is the place.
	 */
	private function publish_asleep( string $hook, callable $is_there ): void {
		$sleeper = function ( ...$given ) use ( $is_there ) {
			if ( $is_there( ...$given ) ) {
				$this->sleep();
			}
			return $given[0];
		};
		add_filter( $hook, $sleeper, 10, 3 );
		$answer = $this->publish( $this->first );
		remove_filter( $hook, $sleeper, 10 );
		$this->assertTrue( $this->has_slept );
		$this->assert_refused( 409, 'igny8_in_progress', $answer );
		wp_cache_flush();
	}

	/**
	 * What the site shows: title, text, tags, featured image and fields of the post, and what the row says of it.
	 *
	 * @return array<int, mixed>
	 */
	private function shown(): array {
		$row  = Reservations\find( $this->first['publication_key'] );
		$post = get_post( $row['post_id'] );
		return array(
			$post->post_title,
			$post->post_content,
			wp_get_post_tags( $post->ID, array( 'fields' => 'names' ) ),
			get_post_thumbnail_id( $post ),
			get_post_meta( $post->ID, '_igny8_seo_title', true ),
			get_post_meta( $post->ID, '_igny8_seo_description', true ),
			$row['state'],
			$row['revision'],
		);
	}

	/**
	 * The second revision, and nothing else.
	 *
	 * @return array<int, mixed>
	 */
	private function all_second(): array {
		return array( 'Second', '<p>Second</p>', array( 'second tag' ), 0, 'Second for search engines', 'Second', 'done', 2 );
	}

	/**
	 * Where a request may sleep.
	 *
	 * @return array<string, array{0: string, 1: callable}>
	 */
	public function places(): array {
		$is_public = static fn( $data ): bool => is_array( $data ) && 'publish' === $data['post_status'];
		$is_update = static fn( $sql ): bool => 0 === strpos( (string) $sql, 'UPDATE' ) && false !== strpos( $sql, "'<p>First</p>'" );
		$is_seo    = static fn( $post_id, $field ): bool => '_igny8_seo_title' === $field;
		$is_term   = static fn( $post_id, $terms, $place ): bool => 'post_tag' === $place;
		return array(
			'in the draft, once it is committed' => array( 'save_post', static fn(): bool => 0 === $GLOBALS['wpdb']->query( 'COMMIT' ) ),
			'before the tags'                   => array( 'add_term_relationship', $is_term ),
			'before the featured image'         => array( 'add_post_meta', static fn( $post_id, $field ): bool => '_thumbnail_id' === $field ),
			'after the featured image'          => array( 'added_post_meta', static fn( $id, $post_id, $field ): bool => '_thumbnail_id' === $field ),
			'before the fields'                 => array( 'add_post_meta', $is_seo ),
			'before the text, in a filter'      => array( 'wp_insert_post_data', $is_public ),
			'before the text, in the last hook' => array( 'pre_post_update', static fn( $post_id, $data ): bool => 'publish' === $data['post_status'] ),
			'at the very statement of the text' => array( 'query', $is_update ),
			'after the text'                    => array( 'draft_to_publish', '__return_true' ),
		);
	}

	/**
	 * Who was taken over writes nothing more, and is told so.
	 *
	 * @dataProvider places
	 * @param string   $hook     Where it sleeps.
	 * @param callable $is_there Whether this is the place.
	 */
	public function test_sleeper( string $hook, callable $is_there ): void {
		$this->publish_asleep( $hook, $is_there );
		$this->assertSame( $this->all_second(), $this->shown() );
	}

	/**
	 * A field that is written in the moment after the look is found, and the row says so: the newest is taken once more.
	 */
	public function test_late_field(): void {
		$this->publish_asleep( 'query', static fn( $sql ): bool => 0 === strpos( (string) $sql, 'INSERT' ) && false !== strpos( $sql, 'First for search engines' ) );
		$row = Reservations\find( $this->first['publication_key'] );
		$this->assertSame( array( 'done', 1, $this->first['fingerprint'], 2 ), array( $row['state'], $row['revision'], $row['fingerprint'], $row['fence'] ) );

		$again = $this->publish( array( 'fence' => 3 ) + $this->second );
		$this->assertSame( array( 200, false ), array( $again->get_status(), isset( $again->get_headers()['Idempotent-Replayed'] ) ) );
		$this->assertSame( $this->all_second(), $this->shown() );
	}

	/**
	 * While who took over is still at work, it loses the publication again, so that its next try writes all of it.
	 */
	public function test_late_field_while_the_other_works(): void {
		$row = $this->taken_over_row();
		Reservations\tell_of_late_write( $row );
		$now = Reservations\find( $row['publication_key'] );
		$this->assertSame( array( 'in_progress', 2, 0 ), array( $now['state'], $now['revision'], $now['reserved_at'] ) );
		$this->assertSame( 201, $this->publish( array( 'fence' => 3 ) + $this->second )->get_status() );
	}

	/**
	 * The same document written late is no harm.
	 */
	public function test_late_write_of_the_same_document(): void {
		$this->second = array( 'fence' => 2 ) + $this->first;
		$row          = $this->taken_over_row();
		$before       = Reservations\find( $row['publication_key'] );
		Reservations\tell_of_late_write( $row );
		$this->assertSame( $before, Reservations\find( $row['publication_key'] ) );
	}

	/**
	 * The row of the sleeper, which is at the other now.
	 *
	 * @return array<string, mixed>
	 */
	private function taken_over_row(): array {
		$row                = \Igny8\Bridge\Claims\new_row( $this->first );
		$row['reserved_at'] = time() - Reservations\STALE_SECONDS;
		Reservations\insert( $row );
		$this->assertNotNull( Reservations\claim( $row, $this->second, $row['done_at'] ) );
		return $row;
	}

	/**
	 * A post of the same number on another blog of the network is nobody's business here.
	 */
	public function test_other_blog(): void {
		$row            = $this->taken_over_row();
		$row['post_id'] = $this->publish_well( $this->document() );
		$statement      = "UPDATE `{$GLOBALS['wpdb']->posts}` SET `post_title` = 'x' WHERE `ID` = {$row['post_id']}";
		$blog_id        = $GLOBALS['blog_id'];
		$write          = static function () use ( $row, $statement, $blog_id ): string {
			$GLOBALS['blog_id'] = 2; // phpcs:ignore -- What switch_to_blog() does, which a single site has not.
			do_action( 'update_post_meta', 1, $row['post_id'] );
			do_action( 'updated_post_meta', 1, $row['post_id'] );
			$sent               = apply_filters( 'query', $statement );
			$GLOBALS['blog_id'] = $blog_id; // phpcs:ignore
			return $sent;
		};
		try {
			$this->assertSame( $statement, Ownership\while_ours( $row, $write ) );
		} finally {
			$GLOBALS['blog_id'] = $blog_id; // phpcs:ignore
		}
	}

	/**
	 * Two that began in the same second are told apart by their fences.
	 */
	public function test_same_second(): void {
		$row = \Igny8\Bridge\Claims\new_row( $this->first );
		Reservations\insert( $row );
		$this->assertTrue( Reservations\is_ours( $row ) );
		Reservations\release( $row, $row );
		$other                = Reservations\claim( Reservations\find( $row['publication_key'] ), $this->second, $row['done_at'] );
		$other['reserved_at'] = $row['reserved_at'];
		$this->scalar( "UPDATE {igny8_publications} SET reserved_at = {$row['reserved_at']}" );
		$this->assertSame( array( false, true ), array( Reservations\is_ours( $row ), Reservations\is_ours( $other ) ) );
	}
}
