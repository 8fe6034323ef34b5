<?php
/**
 * Requests to the bridge, and a site left as it was found.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use PHPUnit\Framework\TestCase;
use WP_REST_Request;
use WP_REST_Response;

/**
 * What every test of the bridge starts from.
 */
abstract class BridgeTestCase extends TestCase {

	const KEY = 'test-key-0123456789';

	/**
	 * The highest ids before the test.
	 *
	 * @var array<string, int>
	 */
	private $highest;

	/**
	 * The site's own key, put back after the test.
	 *
	 * @var string
	 */
	private $own_key;

	/**
	 * Remembers the site, and starts from empty tables of ours.
	 */
	protected function setUp(): void {
		rest_get_server();
		$this->own_key = (string) get_option( 'igny8_api_key', '' );
		update_option( 'igny8_api_key', self::KEY );
		$this->highest = array(
			'posts' => (int) $this->scalar( 'SELECT MAX(ID) FROM {posts}' ),
			'terms' => (int) $this->scalar( 'SELECT MAX(term_id) FROM {terms}' ),
		);
		$this->empty_tables();
	}

	/**
	 * Removes what the test made.
	 */
	protected function tearDown(): void {
		global $wpdb;
		foreach ( array( 'pre_http_request', 'wp_insert_post_empty_content', 'igny8_seo_plugin', 'igny8_max_body_bytes', 'igny8_post_author', 'igny8_allow_private_api', 'igny8_enabled_post_types' ) as $hook ) {
			remove_all_filters( $hook );
		}
		foreach ( $wpdb->get_results( "SELECT ID, post_type FROM {$wpdb->posts} WHERE ID > {$this->highest['posts']}" ) as $post ) {
			'attachment' === $post->post_type ? wp_delete_attachment( (int) $post->ID, true ) : wp_delete_post( (int) $post->ID, true );
		}
		foreach ( $wpdb->get_results( "SELECT term_id, taxonomy FROM {$wpdb->term_taxonomy} WHERE term_id > {$this->highest['terms']}" ) as $term ) {
			wp_delete_term( (int) $term->term_id, $term->taxonomy );
		}
		$this->empty_tables();
		foreach ( array( 'api_url', 'site_id', 'integration_id', 'registration', 'connection', 'connection_enabled', 'two_way_sync_enabled', 'next_api_key', 'previous_api_key', 'previous_api_key_until', 'outbox_pause', 'refused_event', 'structure_failures', 'last_structure_sync' ) as $option ) {
			delete_option( "igny8_$option" );
		}
		delete_transient( 'igny8_registration_refreshed' );
		\Igny8\Bridge\Cron\clear();
		update_option( 'igny8_api_key', $this->own_key );
	}

	/**
	 * Lets the site know an engine, as after Connect.
	 */
	protected function register_site(): void {
		update_option( 'igny8_api_url', 'https://engine.example' );
		update_option( 'igny8_site_id', '7' );
		update_option(
			'igny8_registration',
			array(
				'secret'   => 'whsec_' . base64_encode( str_repeat( 's', 32 ) ),
				'webhooks' => array(
					'status'   => 'https://engine.example/status/',
					'metadata' => 'https://engine.example/metadata/',
				),
				'version'  => \Igny8\Bridge\VERSION,
			)
		);
	}

	/**
	 * Empties our tables.
	 */
	private function empty_tables(): void {
		foreach ( \Igny8\Bridge\Database\tables() as $table ) {
			$this->scalar( "DELETE FROM $table" );
		}
	}

	/**
	 * Runs a statement; {name} stands for a table.
	 *
	 * @param string $sql The statement.
	 * @return string|null The first value.
	 */
	protected function scalar( string $sql ): ?string {
		global $wpdb;
		return $wpdb->get_var( preg_replace( '/\{(\w+)\}/', $wpdb->prefix . '$1', $sql ) );
	}

	/**
	 * Sends a request that carries the key, unless other headers are given.
	 *
	 * @param string                     $method  The HTTP method.
	 * @param string                     $path    Below the namespace.
	 * @param array<string, string>      $query   Query parameters.
	 * @param string                     $body    The raw body.
	 * @param array<string, string>|null $headers In place of the key.
	 */
	protected function send( string $method, string $path, array $query = array(), string $body = '', ?array $headers = null ): WP_REST_Response {
		$request = new WP_REST_Request( $method, '/igny8/v1' . $path );
		$request->set_query_params( $query );
		$request->set_body( $body );
		foreach ( $headers ?? array( 'X-IGNY8-API-Key' => self::KEY ) as $name => $value ) {
			$request->set_header( $name, $value );
		}
		return rest_get_server()->dispatch( $request );
	}

	/**
	 * Does something while the database fails at some statements, and nothing is in the cache.
	 *
	 * @param string   $pattern Which statements: a regular expression.
	 * @param callable $work    What to do.
	 * @return mixed What that returned.
	 */
	protected function while_broken( string $pattern, callable $work ) {
		global $wpdb;
		$break = static fn( string $sql ): string => preg_match( $pattern, $sql ) ? 'SELECT 1 FROM table_that_crashed' : $sql;
		$shown = $wpdb->suppress_errors( true );
		wp_cache_flush();
		add_filter( 'query', $break );
		try {
			return $work();
		} finally {
			remove_filter( 'query', $break );
			$wpdb->suppress_errors( $shown );
			wp_cache_flush();
		}
	}

	/**
	 * A gallery image.
	 *
	 * @param string|null $hash    Its hash.
	 * @param string|null $url     Its address.
	 * @param string      $alt     Alternative text.
	 * @param string      $caption Caption.
	 * @return array<string, string|null>
	 */
	protected function image( ?string $hash, ?string $url = null, string $alt = '', string $caption = '' ): array {
		return compact( 'url', 'hash', 'alt', 'caption' );
	}

	/**
	 * A document with a key and a content of its own.
	 *
	 * @param array<string, mixed> $fields What the test cares about.
	 * @return array<string, mixed>
	 */
	protected function document( array $fields = array() ): array {
		static $content_id = 0;
		++$content_id;
		return $fields + array(
			'publication_key'        => wp_generate_uuid4(),
			'fence'                  => 1,
			'revision'               => 1,
			'fingerprint'            => str_repeat( 'a', 64 ),
			'content_id'             => $content_id,
			'title'                  => "Title $content_id",
			'content_html'           => '<p>Text</p>',
			'excerpt'                => '',
			'slug'                   => '',
			'status'                 => 'publish',
			'restore'                => false,
			'seo_title'              => '',
			'seo_description'        => '',
			'primary_keyword'        => '',
			'secondary_keywords'     => array(),
			'categories'             => array(),
			'tags'                   => array(),
			'featured_image_url'     => null,
			'featured_image_hash'    => null,
			'featured_image_alt'     => '',
			'featured_image_caption' => '',
			'gallery_images'         => array(),
		);
	}

	/**
	 * Publishes a document.
	 *
	 * @param array<string, mixed>  $document The document.
	 * @param array<string, string> $headers  In place of those that repeat the body.
	 */
	protected function publish( array $document, array $headers = array() ): WP_REST_Response {
		$headers += array(
			'X-IGNY8-API-Key' => self::KEY,
			'Content-Type'    => 'application/json',
			'Idempotency-Key' => (string) ( is_scalar( $document['publication_key'] ?? null ) ? $document['publication_key'] : '' ),
			'X-IGNY8-Fence'   => (string) ( is_scalar( $document['fence'] ?? null ) ? $document['fence'] : '' ),
		);
		return $this->send( 'POST', '/publish', array(), wp_json_encode( $document ), $headers );
	}

	/**
	 * Publishes a document that must go through, and returns the post's id.
	 *
	 * @param array<string, mixed> $document The document.
	 */
	protected function publish_well( array $document ): int {
		$response = $this->publish( $document );
		$this->assertContains( $response->get_status(), array( 200, 201 ), (string) wp_json_encode( $response->get_data() ) );
		return $response->get_data()['post_id'];
	}

	/**
	 * Pushes an image.
	 *
	 * @param string                $bytes The body.
	 * @param array<string, string> $query In place of the right hash and a file name.
	 */
	protected function push( string $bytes, array $query = array() ): WP_REST_Response {
		$query += array(
			'hash'     => hash( 'sha256', $bytes ),
			'filename' => 'picture.jpg',
			'alt'      => '',
		);
		return $this->send( 'POST', '/media', $query, $bytes );
	}

	/**
	 * A picture nobody has pushed yet.
	 *
	 * @param string $format What GD calls it: jpeg, png, gif, webp or avif.
	 */
	protected function picture( string $format = 'jpeg' ): string {
		$image = imagecreatetruecolor( 60, 40 );
		foreach ( range( 0, 9 ) as $x ) {
			imagefilledrectangle( $image, $x * 6, 0, $x * 6 + 5, 39, random_int( 0, 0xFFFFFF ) );
		}
		ob_start();
		( "image$format" )( $image );
		return (string) ob_get_clean();
	}

	/**
	 * Asserts an error of the protocol.
	 *
	 * @param int              $status   The HTTP status.
	 * @param string           $code     The code.
	 * @param WP_REST_Response $response The answer.
	 */
	protected function assert_refused( int $status, string $code, WP_REST_Response $response ): void {
		$data = $response->get_data();
		$this->assertSame( array( $status, $code, $status ), array( $response->get_status(), $data['code'] ?? $data, $data['data']['status'] ?? null ) );
	}

	/**
	 * How many posts carry a key.
	 *
	 * @param string $key The publication key.
	 */
	protected function count_posts( string $key ): int {
		return (int) $this->scalar( "SELECT COUNT(*) FROM {postmeta} WHERE meta_key = '_igny8_publication_key' AND meta_value = '$key'" );
	}
}
