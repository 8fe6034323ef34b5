<?php
/**
 * Status, SEO fields and the settings page.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Seo;
use Igny8\Bridge\Settings;
use Igny8\Bridge\SettingsPage;

/**
 * What the bridge tells about the site and shows on it.
 */
final class SiteTest extends BridgeTestCase {

	/**
	 * The status has every field of the protocol, in its type.
	 */
	public function test_status(): void {
		$data  = $this->send( 'GET', '/status' )->get_data();
		$types = array_map( 'gettype', $data );
		$this->assertSame(
			array(
				'plugin'                    => 'string',
				'plugin_version'            => 'string',
				'protocol'                  => 'integer',
				'wordpress_version'         => 'string',
				'php_version'               => 'string',
				'site_url'                  => 'string',
				'home_url'                  => 'string',
				'timezone'                  => 'string',
				'gmt_offset'                => 'double',
				'transactions'              => 'boolean',
				'max_body_bytes'            => 'integer',
				'seo_plugin'                => 'NULL',
				'time_gmt'                  => 'string',
				'can_write'                 => 'boolean',
				'authorization_header_seen' => 'boolean',
				'pretty_permalinks'         => 'boolean',
				'upload_limits'             => 'array',
			),
			$types
		);
		$this->assertSame( array( 'igny8-wp-bridge', '1.5.0', 1, PHP_VERSION ), array( $data['plugin'], $data['plugin_version'], $data['protocol'], $data['php_version'] ) );
		$this->assertMatchesRegularExpression( '/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/', $data['time_gmt'] );
		$this->assertSame( 'no-store, private', $this->send( 'GET', '/status' )->get_headers()['Cache-Control'] );
	}

	/**
	 * WordPress asks nobody for updates of the plugin: its name on wordpress.org may be another's.
	 */
	public function test_no_updates_by_others(): void {
		require_once ABSPATH . 'wp-admin/includes/plugin.php';
		$this->assertSame( 'false', get_plugin_data( \Igny8\Bridge\PLUGIN_FILE )['UpdateURI'] );
	}

	/**
	 * The header of the plugin, its readme and its status agree on the version.
	 */
	public function test_version(): void {
		$header = get_file_data( \Igny8\Bridge\PLUGIN_FILE, array( 'version' => 'Version' ) );
		$readme = (string) file_get_contents( dirname( \Igny8\Bridge\PLUGIN_FILE ) . '/readme.txt' );
		$this->assertSame( \Igny8\Bridge\VERSION, $header['version'] );
		$this->assertStringContainsString( 'Stable tag: ' . \Igny8\Bridge\VERSION . "\n", $readme );
	}

	/**
	 * Without an SEO plugin the bridge prints title and description, escaped.
	 */
	public function test_seo_without_plugin(): void {
		$post_id = $this->publish_well(
			$this->document(
				array(
					'seo_title'       => 'Title & "more" \\ x',
					'seo_description' => 'Say "hi" & go',
				)
			)
		);
		$this->assertSame( 'Title & "more" \\ x', get_post_meta( $post_id, Seo\TITLE_META, true ) );

		query_posts( array( 'p' => $post_id ) );
		ob_start();
		Seo\print_description();
		$printed = (string) ob_get_clean();
		$title   = wp_get_document_title();
		wp_reset_query();
		$this->assertSame( 'Title &amp; &quot;more&quot; \\ x', $title );
		$this->assertSame( '<meta name="description" content="Say &quot;hi&quot; &amp; go" />' . "\n", $printed );
		$this->assertStringNotContainsString( 'Title &amp;', wp_get_document_title() );
	}

	/**
	 * The fields of each SEO plugin.
	 *
	 * @return array<string, array{0: string, 1: string, 2: string, 3: string}>
	 */
	public function seo_plugins(): array {
		return array(
			'Yoast'     => array( 'yoast', '_yoast_wpseo_title', '_yoast_wpseo_metadesc', '_yoast_wpseo_focuskw' ),
			'Rank Math' => array( 'rank_math', 'rank_math_title', 'rank_math_description', 'rank_math_focus_keyword' ),
			'AIOSEO'    => array( 'aioseo', '_aioseo_title', '_aioseo_description', '_aioseo_keywords' ),
		);
	}

	/**
	 * An active SEO plugin gets the texts and prints them itself.
	 *
	 * @dataProvider seo_plugins
	 * @param string $plugin      Our name of it.
	 * @param string $title       Its field.
	 * @param string $description Its field.
	 * @param string $keyword     Its field.
	 */
	public function test_seo_with_plugin( string $plugin, string $title, string $description, string $keyword ): void {
		add_filter( 'igny8_seo_plugin', static fn(): string => $plugin );
		$document = $this->document(
			array(
				'seo_title'       => 'T \\ %%sep%%',
				'seo_description' => 'D',
				'primary_keyword' => 'K',
			)
		);
		$post_id  = $this->publish_well( $document );
		$values   = array_map( static fn( string $field ): string => get_post_meta( $post_id, $field, true ), array( $title, $description, $keyword ) );
		$this->assertSame( array( 'T \\ %%sep%%', 'D', 'K' ), $values );
		$this->assertSame( $plugin, $this->send( 'GET', '/status' )->get_data()['seo_plugin'] );

		query_posts( array( 'p' => $post_id ) );
		$this->expectOutputString( '' );
		Seo\print_description();
		wp_reset_query();
	}

	/**
	 * An empty text clears our field.
	 */
	public function test_seo_cleared(): void {
		$document = $this->document( array( 'seo_title' => 'T' ) );
		$post_id  = $this->publish_well( $document );
		$this->publish_well(
			array(
				'revision'  => 2,
				'seo_title' => '',
			) + $document
		);
		$this->assertFalse( metadata_exists( 'post', $post_id, Seo\TITLE_META ) );
	}

	/**
	 * What is typed into the field for the key, and what is stored then.
	 */
	public function test_key_field(): void {
		$this->assertSame( 'new-key', Settings\clean_key( " new-key\n" ) );
		$this->assertSame( self::KEY, Settings\clean_key( '' ) );
		$this->assertSame( self::KEY, Settings\clean_key( array( 'x' ) ) );
		$_POST[ Settings\FORGET_FIELD ] = '1';
		$forgotten                      = Settings\clean_key( '' );
		unset( $_POST[ Settings\FORGET_FIELD ] );
		$this->assertSame( '', $forgotten );
	}

	/**
	 * The page shows the last digits of a long key at most, to administrators only.
	 */
	public function test_settings_page(): void {
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		$show = static function ( int $user_id ): string {
			wp_set_current_user( $user_id );
			ob_start();
			SettingsPage\show();
			wp_set_current_user( 0 );
			return (string) ob_get_clean();
		};
		$page = $show( 1 );
		$this->assertStringContainsString( '6789', $page );
		$this->assertStringContainsString( '_wpnonce', $page );
		$this->assertStringNotContainsString( self::KEY, $page );
		$this->assertSame( '', $show( 0 ) );
		$this->assertStringNotContainsString( 'bcd', Settings\mask( 'abcd' ) );
	}
}
