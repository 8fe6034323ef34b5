<?php
/**
 * Plugin Name:       IGNY8 WP Bridge
 * Description:       Receives posts and images from IGNY8, every publication as exactly one post, and tells IGNY8 what becomes of them.
 * Version:           1.5.0
 * Requires at least: 5.6
 * Requires PHP:      7.4
 * Author:            IGNY8
 * License:           GPLv2 or later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       igny8-wp-bridge
 * Domain Path:       /languages
 * Update URI:        false
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

defined( 'ABSPATH' ) || exit;

const VERSION     = '1.5.0';
const PROTOCOL    = 1;
const PLUGIN_FILE = __FILE__;

foreach ( array( 'bootstrap', 'database', 'locks', 'authentication', 'replies', 'body', 'document', 'reservations', 'class-takenover', 'ownership', 'late-hooks', 'ended-requests', 'claims', 'publish', 'posts', 'drafts', 'terms', 'image-bytes', 'media', 'media-routes', 'images', 'gallery', 'seo', 'publications', 'carriers', 'listing', 'status', 'engine', 'diagnosis-words', 'layers', 'connection', 'registration', 'structure', 'site-facts', 'sequences', 'outbox', 'post-facts', 'own-writes', 'events', 'unfinished-saves', 'webhooks', 'post-state', 'key-rotation', 'cron', 'settings', 'settings-page' ) as $igny8_subject ) {
	require_once __DIR__ . '/includes/' . $igny8_subject . '.php';
}

setup();
