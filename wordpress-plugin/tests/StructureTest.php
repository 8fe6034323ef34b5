<?php
/**
 * The structure: what is counted, and when it is pushed.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Engine;
use Igny8\Bridge\SiteFacts;
use Igny8\Bridge\Structure;

/**
 * By hand and by cron.
 */
final class StructureTest extends EngineTestCase {

	/**
	 * The integration is looked up where its id is unknown, and connected anew where it is gone.
	 */
	public function test_integration_is_found(): void {
		Structure\push_by_cron();
		$this->assertSame( array( 'GET /api/v1/integration/integrations/', 'POST /api/v1/integration/integrations/3/update-structure/' ), $this->paths() );
		$this->assertSame( '3', get_option( Engine\INTEGRATION_OPTION ) );

		$this->asked                        = array();
		$this->answers['update-structure/'] = array( 404, array( 'code' => 'integration_not_found' ) );
		$this->answers['integrations/']     = array( 200, array( 'results' => array() ) );
		Structure\push_by_cron();
		$this->assertFalse( get_option( Engine\INTEGRATION_OPTION ) );
		$this->answers['update-structure/'] = array( 200, array() );
		Structure\push_by_cron();
		$this->assertSame(
			array( 'POST …/3/update-structure/', 'GET …/', 'POST …/test-connection/', 'POST /api/plugins/igny8-wp-bridge/register/', 'POST …/3/update-structure/' ),
			str_replace( '/api/v1/integration/integrations', '…', $this->paths() )
		);
	}

	/**
	 * After a failure the structure is tried again: 1 minute, doubling to an hour, for a day.
	 */
	public function test_retries(): void {
		update_option( Engine\INTEGRATION_OPTION, '3' );
		$this->answers['update-structure/'] = array( 500, array() );
		$waits                              = array();
		for ( $try = 0; $try < 28; ++$try ) {
			do_action( 0 === $try ? Cron\DAILY : Cron\RETRY );
			$waits[] = wp_next_scheduled( Cron\RETRY ) - time();
		}
		foreach ( array( 60, 120, 240, 480, 960, 1920, 3600, 3600 ) as $try => $wait ) {
			$this->assertEqualsWithDelta( $wait, $waits[ $try ], 3 );
		}
		$this->assertGreaterThan( 20 * HOUR_IN_SECONDS, array_sum( $waits ) );
		$this->assertLessThan( 25 * HOUR_IN_SECONDS, array_sum( $waits ) );
		do_action( Cron\RETRY );
		$this->assertFalse( wp_next_scheduled( Cron\RETRY ) );
		do_action( Cron\DAILY );
		$this->assertEqualsWithDelta( time() + 60, wp_next_scheduled( Cron\RETRY ), 3 );

		$this->answers['update-structure/'] = array( 200, array() );
		do_action( Cron\RETRY );
		$this->assertFalse( get_option( Structure\FAILURES_OPTION ) );
	}

	/**
	 * The daily event is planned once the settings are there, and not before.
	 */
	public function test_plan(): void {
		delete_option( 'igny8_api_url' );
		Cron\plan();
		$this->assertFalse( wp_next_scheduled( Cron\DAILY ) );
		update_option( 'igny8_api_url', 'https://engine.example' );
		Cron\plan();
		$this->assertSame( array( 'daily', 'hourly' ), array( wp_get_schedule( Cron\DAILY ), wp_get_schedule( Cron\HOURLY ) ) );
	}

	/**
	 * With the switch off nothing is sent.
	 */
	public function test_switched_off(): void {
		update_option( Connection\ENABLED_OPTION, '' );
		$this->assertNotNull( Structure\push() );
		$this->assertSame( array(), $this->asked );
	}

	/**
	 * Types and taxonomies of other plugins are counted too, as plain text, and are off.
	 */
	public function test_other_types(): void {
		register_post_type(
			'walk',
			array(
				'public' => true,
				'label'  => '<b>Walks</b> &amp; more',
			)
		);
		register_taxonomy( 'area', 'walk', array( 'public' => true ) );
		register_post_type( 'secret', array( 'public' => false ) );
		wp_insert_post(
			array(
				'post_type'   => 'walk',
				'post_title'  => 'W',
				'post_status' => 'publish',
			)
		);
		$structure = json_decode( (string) wp_json_encode( Structure\gather() ), true );
		array_map( 'unregister_post_type', array( 'walk', 'secret' ) );
		unregister_taxonomy( 'area' );
		$this->assertSame(
			array(
				'label'        => 'Walks & more',
				'count'        => 1,
				'enabled'      => false,
				'fetch_limit'  => 100,
				'hierarchical' => false,
				'taxonomies'   => array( 'area' ),
				'public'       => true,
			),
			$structure['post_types']['walk']
		);
		$this->assertSame( array( 'walk' ), $structure['taxonomies']['area']['post_types'] );
		$this->assertArrayNotHasKey( 'secret', $structure['post_types'] );
		$this->assertArrayNotHasKey( 'attachment', $structure['post_types'] );
	}

	/**
	 * Of the terms the most used are listed, and no more than 500 of a taxonomy; all are counted.
	 */
	public function test_many_terms(): void {
		$post_id = $this->publish_well( $this->document( array( 'tags' => array( 'R&D' ) ) ) );
		for ( $number = 1; $number <= SiteFacts\MOST_TERMS; ++$number ) {
			wp_insert_term( "tag $number", 'post_tag' );
		}
		$structure = json_decode( (string) wp_json_encode( Structure\gather() ), true );
		$tags      = $structure['terms']['post_tag'];
		$this->assertSame( array( 501, 500 ), array( $structure['taxonomies']['post_tag']['count'], count( $tags ) ) );
		$this->assertSame(
			array(
				'id'        => wp_get_post_tags( $post_id )[0]->term_id,
				'name'      => 'R&D',
				'slug'      => 'rd',
				'parent_id' => null,
				'count'     => 1,
			),
			$tags[0]
		);
	}

	/**
	 * What another plugin may make of a list of terms, and how many are told then.
	 *
	 * @return array<string, array{0: callable, 1: int}>
	 */
	public function filtered_terms(): array {
		return array(
			'one is taken out'   => array( static fn( array $terms ): array => array_filter( array( 3 => end( $terms ) ) ), 1 ),
			'ids'                => array( static fn(): array => array( 1, 2 ), 0 ),
			'names'              => array( static fn(): array => array( 'News' ), 0 ),
			'more than is asked' => array( static fn( array $terms ): array => array_filter( array_fill( 0, SiteFacts\MOST_TERMS + 1, end( $terms ) ) ), SiteFacts\MOST_TERMS ),
		);
	}

	/**
	 * Whatever a filter returns, a list of terms is told, for the engine refuses a structure with anything else.
	 *
	 * @dataProvider filtered_terms
	 * @param callable $filter Filters the terms.
	 * @param int      $count  How many are told.
	 */
	public function test_filtered_terms( callable $filter, int $count ): void {
		add_filter( 'get_terms', $filter );
		try {
			$told = SiteFacts\terms()['category'];
			$this->assertSame( array( $count, array_values( $told ) ), array( count( $told ), $told ) );
		} finally {
			remove_filter( 'get_terms', $filter );
		}
	}

	/**
	 * A taxonomy whose name the engine cannot take, as shops give them to attributes, is left out.
	 */
	public function test_name_beyond_the_protocol(): void {
		register_taxonomy( 'pa_цвет', 'post', array( 'public' => true ) );
		$structure = json_decode( (string) wp_json_encode( Structure\gather() ), true );
		unregister_taxonomy( 'pa_цвет' );
		$this->assertSame( array( 'category', 'post_tag' ), array_keys( $structure['taxonomies'] ) );
		$this->assertSame( array( 'category', 'post_tag' ), $structure['post_types']['post']['taxonomies'] );
	}

	/**
	 * What the site tells of itself is plain text.
	 */
	public function test_site(): void {
		$name = get_option( 'blogname' );
		update_option( 'blogname', 'Walks & <b>rivers</b>' );
		$site = SiteFacts\describe();
		update_option( 'blogname', $name );
		$this->assertSame( array( home_url(), get_bloginfo( 'version' ), \Igny8\Bridge\VERSION ), array( $site['url'], $site['wordpress_version'], $site['plugin_version'] ) );
		$this->assertStringStartsWith( 'Walks & ', $site['name'] );
	}

	/**
	 * A text is cut to what the engine takes; a version that somebody hides is empty.
	 */
	public function test_odd_texts(): void {
		$tagline = static fn(): string => str_repeat( 'ü', 2001 );
		$version = $GLOBALS['wp_version'];
		add_filter( 'pre_option_blogdescription', $tagline );
		$GLOBALS['wp_version'] = null; // phpcs:ignore -- As plugins do that hide it.
		$site                  = SiteFacts\describe();
		$GLOBALS['wp_version'] = $version; // phpcs:ignore
		remove_filter( 'pre_option_blogdescription', $tagline );
		$this->assertSame( array( str_repeat( 'ü', 2000 ), '' ), array( $site['description'], $site['wordpress_version'] ) );
	}

	/**
	 * What came of a push.
	 *
	 * @return array<string, array{0: int, 1: array<string, mixed>, 2: string}>
	 */
	public function outcomes(): array {
		return array(
			'taken'   => array( 200, array( 'success' => true ), 'IGNY8: Site structure synced successfully' ),
			'refused' => array( 409, array( 'detail' => 'The site is switched off.' ), 'IGNY8: Site structure was not synced: The site is switched off.' ),
		);
	}

	/**
	 * WordPress's log has a line for each push.
	 *
	 * @dataProvider outcomes
	 * @param int                  $status What the engine answers.
	 * @param array<string, mixed> $body   With these words.
	 * @param string               $line   What the log says.
	 */
	public function test_log( int $status, array $body, string $line ): void {
		$this->assertTrue( WP_DEBUG, 'The site of these tests keeps a log.' );
		$this->answers['update-structure/'] = array( $status, $body );
		$log                                = (string) tempnam( get_temp_dir(), 'log' );
		$before                             = ini_set( 'error_log', $log );
		Structure\push();
		ini_set( 'error_log', (string) $before );
		$lines = file( $log, FILE_IGNORE_NEW_LINES );
		unlink( $log );
		$this->assertCount( 1, $lines );
		$this->assertStringEndsWith( "] $line", $lines[0] );
	}
}
