<?php
/**
 * What happens without anybody asking: the structure daily, events when they are due.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Cron;

use Igny8\Bridge\Engine;
use Igny8\Bridge\KeyRotation;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Structure;
use Igny8\Bridge\Webhooks;

const DAILY  = 'igny8_sync_site_structure';
const RETRY  = 'igny8_retry_site_structure';
const HOURLY = 'igny8_hourly';
const SEND   = 'igny8_send_events';

const FIRST_RETRY_SECONDS = MINUTE_IN_SECONDS;
const LAST_RETRY_SECONDS  = HOUR_IN_SECONDS;
const RETRIES_OF_A_DAY    = 28; // 1 to 32 minutes, then hourly: about a day.

/**
 * Hooks the events, and plans those that come again and again.
 */
function setup(): void {
	add_action( DAILY, __NAMESPACE__ . '\\day' );
	add_action( RETRY, 'Igny8\\Bridge\\Structure\\push_by_cron' );
	add_action( HOURLY, __NAMESPACE__ . '\\hour' );
	add_action( SEND, 'Igny8\\Bridge\\Webhooks\\send_by_cron' );
	add_action( 'init', __NAMESPACE__ . '\\plan' );
	register_deactivation_hook( \Igny8\Bridge\PLUGIN_FILE, __NAMESPACE__ . '\\clear' );
}

/**
 * Plans what comes again, once the engine is known.
 */
function plan(): void {
	foreach ( array(
		DAILY  => 'daily',
		HOURLY => 'hourly',
	) as $event => $recurrence ) {
		if ( Engine\is_known() && ! wp_next_scheduled( $event ) ) {
			wp_schedule_event( time() + ( DAILY === $event ? DAY_IN_SECONDS : HOUR_IN_SECONDS ), $recurrence, $event );
		}
	}
}

/**
 * What is done daily.
 */
function day(): void {
	delete_option( Structure\FAILURES_OPTION );
	Structure\push_by_cron();
	Outbox\drop_old();
}

/**
 * What is done hourly. WordPress keeps its plan in one option, where a race may lose an
 * event: this finds what should have been sent.
 */
function hour(): void {
	KeyRotation\forget_expired();
	Registration\follow_version();
	Webhooks\send_by_cron();
}

/**
 * Plans the sending of events for a moment, unless it is planned for an earlier one.
 *
 * @param int $at In Unix seconds.
 */
function send_at( int $at ): void {
	$planned = wp_next_scheduled( SEND );
	if ( false !== $planned && $planned <= $at ) {
		return;
	}
	wp_clear_scheduled_hook( SEND ); // WordPress refuses a second event within 10 minutes of the first.
	wp_schedule_single_event( $at, SEND );
}

/**
 * Plans the next try to push the structure, unless this day had enough of them.
 *
 * @param int $failures How many tries have failed in a row.
 */
function retry_structure( int $failures ): void {
	wp_clear_scheduled_hook( RETRY );
	if ( $failures <= RETRIES_OF_A_DAY ) {
		$wait = min( LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min( $failures - 1, 10 ) );
		wp_schedule_single_event( time() + $wait, RETRY );
	}
}

/**
 * Forgets the whole plan.
 */
function clear(): void {
	foreach ( array( DAILY, RETRY, HOURLY, SEND ) as $event ) {
		wp_clear_scheduled_hook( $event );
	}
}
